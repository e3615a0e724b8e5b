"use server";

import { unwrap } from "@newconcierge/client";

import type { FormState } from "@/lib/form-state";
import { shop } from "@/server/api";
import { submit } from "@/server/forms";

/** Send the mail with the link to choose a password again. */
export async function sendWelcomeMail(session: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const api = await shop();
    const { detail } = unwrap(
      await api.POST("/api/billing/checkout/{session_id}/welcome-mail/", { params: { path: { session_id: session } } }),
    );
    return { done: detail };
  });
}
