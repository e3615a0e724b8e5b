import Link from "next/link";

import { Door } from "@/components/door";
import { speak } from "@/server/language";

export default async function NotFound() {
  const { t } = await speak();
  return (
    <Door title={t("notFound.title")} lead={t("notFound.lead")}>
      <Link className="button" href="/">{t("notFound.home")}</Link>
    </Door>
  );
}
