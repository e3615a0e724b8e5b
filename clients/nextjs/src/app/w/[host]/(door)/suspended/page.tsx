import Link from "next/link";

import { Door } from "@/components/door";
import { workspacePath } from "@/lib/workspace-host";
import { speak } from "@/server/language";
import { hostOf } from "@/server/workspace";

/** For members who can't see to the payment themselves. */
export default async function SuspendedPage({ params }: { params: Promise<{ host: string }> }) {
  const [host, { t }] = await Promise.all([hostOf(params), speak()]);
  return (
    <Door title={t("suspended.title")} lead={t("suspended.lead")}>
      <p>{t("suspended.ask")}</p>
      <p><Link className="button second" href={workspacePath(host)}>{t("failed.again")}</Link></p>
    </Door>
  );
}
