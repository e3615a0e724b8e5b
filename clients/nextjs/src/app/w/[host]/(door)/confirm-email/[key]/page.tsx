import type { Metadata } from "next";

import { Door } from "@/components/door";
import { ActionForm } from "@/components/form";
import { speak } from "@/server/language";
import { hostOf, keyOf } from "@/server/workspace";

import { confirmEmail } from "../../actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("confirm.title") };
}

/** A button, not the page itself, confirms: programs that look through mails open links, too. */
export default async function ConfirmEmailPage({ params }: { params: Promise<{ host: string; key: string }> }) {
  const [host, key, { t }] = await Promise.all([hostOf(params), keyOf(params), speak()]);
  return (
    <Door title={t("confirm.title")} lead={t("confirm.lead")}>
      <ActionForm action={confirmEmail.bind(null, host, key)} submit={t("confirm.submit")} />
    </Door>
  );
}
