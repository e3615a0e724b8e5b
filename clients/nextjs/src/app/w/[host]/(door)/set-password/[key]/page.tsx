import type { Metadata } from "next";
import Link from "next/link";

import { Door } from "@/components/door";
import { ActionForm, Field } from "@/components/form";
import { workspacePath } from "@/lib/workspace-host";
import { speak } from "@/server/language";
import { hostOf, keyOf } from "@/server/workspace";

import { setPassword } from "../../actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("password.title") };
}

export default async function SetPasswordPage({ params }: { params: Promise<{ host: string; key: string }> }) {
  const [host, key, { t }] = await Promise.all([hostOf(params), keyOf(params), speak()]);
  return (
    <Door title={t("password.title")} lead={host}>
      <ActionForm action={setPassword.bind(null, host, key)} submit={t("password.save")}>
        <Field name="password" type="password" label={t("password.new")} autoComplete="new-password" hint={t("password.hint")} minLength={8} required />
        <Field name="password_again" type="password" label={t("password.again")} autoComplete="new-password" required />
      </ActionForm>
      <p className="small"><Link href={workspacePath(host, "forgot-password")}>{t("password.dead")}</Link></p>
    </Door>
  );
}
