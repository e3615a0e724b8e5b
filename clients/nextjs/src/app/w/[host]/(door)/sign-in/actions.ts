"use server";

import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import { workspacePath } from "@/lib/workspace-host";
import { workspaceAt } from "@/server/api";
import { secret, submit, text } from "@/server/forms";
import { pendingCookie } from "@/server/session";
import { hostOf, safeNext } from "@/server/workspace";

/** Sign in; with an authenticator app there is a second step. */
export async function signIn(rawHost: string, next: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const host = await hostOf(Promise.resolve({ host: rawHost }));
    const { session } = await workspaceAt(host);
    const result = await session.signIn({ email: text(form, "email"), password: secret(form, "password") });
    if (result.state === "signed-in") redirect(safeNext(host, next));
    await pendingCookie(host).set(result.pendingToken);
    redirect(`${workspacePath(host, "sign-in/code")}?${new URLSearchParams({ next: safeNext(host, next) })}`);
  });
}

/** The second step: the code of the app, or a recovery code. */
export async function enterCode(rawHost: string, next: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const host = await hostOf(Promise.resolve({ host: rawHost }));
    const pending = await pendingCookie(host).get();
    if (!pending) redirect(workspacePath(host, "sign-in"));
    const { session } = await workspaceAt(host);
    await session.enterCode(pending, text(form, "code").replace(/\s/g, ""));
    await pendingCookie(host).set(null);
    redirect(safeNext(host, next));
  });
}
