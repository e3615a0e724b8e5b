import { unwrap } from "@newconcierge/client";
import Link from "next/link";

import { day } from "@/lib/format";
import { speak } from "@/server/language";
import { enter } from "@/server/workspace";

/** Tells owners while a payment is overdue, before the workspace is suspended for it. */
export async function PastDue({ host }: { host: string }) {
  const [{ api, path }, { t, language }] = await Promise.all([enter(host), speak()]);
  const subscription = await api.GET("/api/subscription/").then(unwrap).catch(() => null);
  if (!subscription?.past_due) return null;
  return (
    <div className="notice warning" role="status">
      <p>
        {t("subscription.pastDue", { date: day(subscription.past_due.grace_ends_at, language) })}{" "}
        <Link href={path("subscription")}>{t("subscription.see")}</Link>
      </p>
    </div>
  );
}
