"use server";

import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import { workspaceHost, workspacePath } from "@/lib/workspace-host";
import { text } from "@/server/forms";
import { speak } from "@/server/language";
import { workspaceDomain } from "@/server/settings";

/** Lead to the sign-in of the workspace that somebody names, by its address or by its name alone. */
export async function findWorkspace(_: FormState, form: FormData): Promise<FormState> {
  const typed = text(form, "workspace");
  const named = typed.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  const domain = workspaceDomain();
  const host = workspaceHost(named.includes(".") || !domain ? named : `${named}.${domain}`);
  if (host) redirect(workspacePath(host, "sign-in"));
  const { t } = await speak();
  const said = t("find.wrong");
  return { problem: { detail: said, errors: { workspace: [said] } }, values: { workspace: typed } };
}
