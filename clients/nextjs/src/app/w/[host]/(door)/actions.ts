"use server";

import { unwrap } from "@newconcierge/client";
import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import { workspacePath } from "@/lib/workspace-host";
import { workspaceAt } from "@/server/api";
import { secret, submit, text } from "@/server/forms";
import { currentLanguage, speak } from "@/server/language";
import { hostOf } from "@/server/workspace";

type Told = "password" | "joined" | "confirmed";

/** Mail a link for a new password; whether anybody has this address is not said. */
export async function requestPassword(rawHost: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const { session } = await at(rawHost);
    await session.requestPasswordReset(text(form, "email"));
  });
}

/** Set the password that the mail's key allows; sign in afterwards. */
export async function setPassword(rawHost: string, key: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const differing = await differ(form);
    if (differing) return differing;
    const { host, session } = await at(rawHost);
    await session.setPassword(key, secret(form, "password"));
    redirect(signInSaying(host, "password"));
  });
}

/** Become a member by the key of the mail. */
export async function acceptInvitation(rawHost: string, key: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const { host, api } = await at(rawHost);
    const language = await currentLanguage();
    const names = { first_name: text(form, "first_name"), last_name: text(form, "last_name") };
    unwrap(await api.POST("/api/invitations/accept/", { body: { key, password: secret(form, "password"), language, ...names } }));
    redirect(signInSaying(host, "joined"));
  });
}

/** Prove an address by the key of the mail. */
export async function confirmEmail(rawHost: string, key: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const { host, session } = await at(rawHost);
    await session.confirmEmail(key);
    redirect(signInSaying(host, "confirmed"));
  });
}

async function at(rawHost: string) {
  const host = await hostOf(Promise.resolve({ host: rawHost }));
  return { host, ...(await workspaceAt(host)) };
}

async function differ(form: FormData): Promise<FormState | null> {
  if (secret(form, "password") === secret(form, "password_again")) return null;
  const { t } = await speak();
  const detail = t("password.differ");
  return { problem: { detail, errors: { password_again: [detail] } } };
}

function signInSaying(host: string, said: Told): string {
  return `${workspacePath(host, "sign-in")}?said=${said}`;
}
