import "server-only";

import { cookies, headers } from "next/headers";
import { cache } from "react";

import { isLanguage, type Language, LANGUAGE_COOKIE, messagesOf, preferred, type Translate, translator } from "@/i18n";

/** The reader's language: what they chose here, or else what their browser asks for. */
export const currentLanguage = cache(async (): Promise<Language> => {
  const chosen = (await cookies()).get(LANGUAGE_COOKIE)?.value;
  return isLanguage(chosen) ? chosen : preferred((await headers()).get("accept-language") ?? "");
});

export async function speak(): Promise<{ language: Language; t: Translate }> {
  const language = await currentLanguage();
  return { language, t: translator(messagesOf(language)) };
}
