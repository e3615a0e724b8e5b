"use server";

import { unwrap } from "@newconcierge/client";

import { isLanguage } from "@/i18n";
import type { FormState } from "@/lib/form-state";
import { secret, text } from "@/server/forms";
import { asMember } from "@/server/members";
import type { Member } from "@/server/workspace";

export type CodesState = FormState & { codes?: string[] };

export async function changeMe(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const language = text(form, "language");
    const body = {
      first_name: text(form, "first_name"),
      last_name: text(form, "last_name"),
      ...(isLanguage(language) ? { language } : {}),
    };
    unwrap(await api.PATCH("/api/me/", { body }));
  });
}

/** Ask for another address: a mail there leads to confirm-email/<key>. */
export async function changeEmail(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async (member) => {
    await prove(member, form);
    await member.session.changeEmail(text(form, "email"));
  });
}

export async function changePassword(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ session }) => {
    await session.changePassword(secret(form, "password"), secret(form, "new_password"));
  });
}

/** Switch one-time codes on; the recovery codes are shown once, now. */
export async function switchCodesOn(host: string, _: CodesState, form: FormData): Promise<CodesState> {
  return asMember(host, form, async (member) => {
    await prove(member, form);
    await member.session.secondFactor.activate(text(form, "code").replace(/\s/g, ""));
    const { unused } = await member.session.secondFactor.recoveryCodes();
    return { done: "on", codes: unused ?? [] } satisfies CodesState;
  });
}

export async function switchCodesOff(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async (member) => {
    await prove(member, form);
    await member.session.secondFactor.deactivate();
  });
}

/** Sensitive changes want the password once more. */
async function prove({ session }: Member, form: FormData): Promise<void> {
  await session.reauthenticate({ password: secret(form, "password") });
}
