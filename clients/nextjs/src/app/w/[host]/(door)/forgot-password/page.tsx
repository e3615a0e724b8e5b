import type { Metadata } from "next";
import Link from "next/link";

import { Door } from "@/components/door";
import { ActionForm, Field } from "@/components/form";
import { workspacePath } from "@/lib/workspace-host";
import { speak } from "@/server/language";
import { hostOf } from "@/server/workspace";

import { requestPassword } from "../actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("forgot.title") };
}

export default async function ForgotPasswordPage({ params }: { params: Promise<{ host: string }> }) {
  const [host, { t }] = await Promise.all([hostOf(params), speak()]);
  return (
    <Door title={t("forgot.title")} lead={t("forgot.lead")}>
      <ActionForm action={requestPassword.bind(null, host)} submit={t("forgot.submit")} done={t("forgot.done")}>
        <Field name="email" type="email" label={t("person.email")} autoComplete="username" required />
      </ActionForm>
      <p className="small"><Link href={workspacePath(host, "sign-in")}>{t("code.back")}</Link></p>
    </Door>
  );
}
