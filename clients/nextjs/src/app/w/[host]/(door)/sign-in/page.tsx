import type { Metadata } from "next";
import Link from "next/link";

import { Door } from "@/components/door";
import { ActionForm, Field } from "@/components/form";
import { workspacePath } from "@/lib/workspace-host";
import { speak } from "@/server/language";
import { hostOf, safeNext } from "@/server/workspace";

import { signIn } from "./actions";

interface Props {
  params: Promise<{ host: string }>;
  searchParams: Promise<{ next?: string; said?: string }>;
}

/** What led here, said above the form. */
const SAID = { password: "signIn.said.password", joined: "signIn.said.joined", confirmed: "signIn.said.confirmed", out: "signIn.said.out" } as const;

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.signIn") };
}

export default async function SignInPage({ params, searchParams }: Props) {
  const [host, { next, said }, { t }] = await Promise.all([hostOf(params), searchParams, speak()]);
  const told = said && said in SAID ? SAID[said as keyof typeof SAID] : null;
  return (
    <Door title={t("signIn.title")} lead={host}>
      {told && <p className="notice good" role="status">{t(told)}</p>}
      <ActionForm action={signIn.bind(null, host, safeNext(host, next))} submit={t("nav.signIn")}>
        <Field name="email" type="email" label={t("person.email")} autoComplete="username" required />
        <Field name="password" type="password" label={t("person.password")} autoComplete="current-password" required />
      </ActionForm>
      <p className="small"><Link href={workspacePath(host, "forgot-password")}>{t("signIn.forgot")}</Link></p>
    </Door>
  );
}
