"use server";

import { cookies } from "next/headers";

import { isLanguage, LANGUAGE_COOKIE } from "@/i18n";
import { text } from "@/server/forms";
import { cookiesAreSecure } from "@/server/settings";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Speak the chosen language from now on; the page is shown anew. */
export async function chooseLanguage(form: FormData): Promise<void> {
  const language = text(form, "language");
  if (!isLanguage(language)) return;
  (await cookies()).set(LANGUAGE_COOKIE, language, {
    maxAge: YEAR_SECONDS, path: "/", sameSite: "lax", httpOnly: true, secure: cookiesAreSecure(),
  });
}
