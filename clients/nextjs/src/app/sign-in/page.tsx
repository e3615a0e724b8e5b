import type { Metadata } from "next";

import { Door } from "@/components/door";
import { ActionForm, Field } from "@/components/form";
import { speak } from "@/server/language";
import { workspaceDomain } from "@/server/settings";

import { findWorkspace } from "./actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.signIn") };
}

export default async function FindWorkspace() {
  const { t } = await speak();
  const domain = workspaceDomain();
  return (
    <Door title={t("find.title")} lead={t("find.lead")}>
      <ActionForm action={findWorkspace} submit={t("find.submit")}>
        <Field name="workspace" label={t("find.label")} suffix={domain ? `.${domain}` : undefined} autoCapitalize="none" spellCheck={false} required />
      </ActionForm>
    </Door>
  );
}
