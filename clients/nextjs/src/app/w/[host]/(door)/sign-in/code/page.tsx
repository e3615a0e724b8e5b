import type { Metadata } from "next";
import Link from "next/link";

import { Door } from "@/components/door";
import { ActionForm, Field } from "@/components/form";
import { workspacePath } from "@/lib/workspace-host";
import { speak } from "@/server/language";
import { hostOf, safeNext } from "@/server/workspace";

import { enterCode } from "../actions";

interface Props {
  params: Promise<{ host: string }>;
  searchParams: Promise<{ next?: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("code.title") };
}

export default async function CodePage({ params, searchParams }: Props) {
  const [host, { next }, { t }] = await Promise.all([hostOf(params), searchParams, speak()]);
  return (
    <Door title={t("code.title")} lead={t("code.lead")}>
      <ActionForm action={enterCode.bind(null, host, safeNext(host, next))} submit={t("nav.signIn")}>
        <Field name="code" label={t("code.label")} className="code" autoComplete="one-time-code" inputMode="numeric" autoFocus required />
      </ActionForm>
      <p className="small"><Link href={workspacePath(host, "sign-in")}>{t("code.back")}</Link></p>
    </Door>
  );
}
