import type { ReactNode } from "react";

import { Brand } from "@/components/brand";
import { Languages } from "@/components/languages";
import { speak } from "@/server/language";
import { enter, hostOf } from "@/server/workspace";

import { signOut } from "./actions";
import styles from "./layout.module.css";
import { Places } from "./places";

export default async function InsideLayout({ params, children }: { params: Promise<{ host: string }>; children: ReactNode }) {
  const host = await hostOf(params);
  const [member, { t }] = await Promise.all([enter(host), speak()]);
  const places = [
    ["", t("nav.home")],
    ["buildings", t("nav.buildings")],
    ["requests", t("nav.requests")],
    ...(member.runs ? [["people", t("nav.people")] as const] : []),
    ...(member.owns ? [["subscription", t("nav.subscription")] as const] : []),
    ["account", t("nav.account")],
  ] as const;
  return (
    <div className={styles.shell}>
      <header className={styles.side}>
        <Brand name={member.me.organization} href={member.path()} />
        <Places label={t("nav.label")} places={places.map(([page, name]) => ({ href: member.path(page), name }))} home={member.path()} />
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>{children}</main>
      <footer className={styles.end}>
        <p className="muted small">{member.me.email}</p>
        <div className={styles.tools}>
          <Languages />
          <form action={signOut.bind(null, host)}><button className="quiet">{t("nav.signOut")}</button></form>
        </div>
      </footer>
    </div>
  );
}
