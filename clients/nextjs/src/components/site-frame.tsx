import Link from "next/link";
import type { ReactNode } from "react";

import { speak } from "@/server/language";
import { appName } from "@/server/settings";

import { Brand } from "./brand";
import { Languages } from "./languages";
import styles from "./site-frame.module.css";

/** Head and foot of the public pages. */
export async function SiteFrame({ children, signIn = true }: { children: ReactNode; signIn?: boolean }) {
  const { t } = await speak();
  return (
    <div className="page">
      <header className={styles.top}>
        <div className={`wrap ${styles.row}`}>
          <Brand name={appName()} href="/" />
          <div className={styles.tools}>
            <Languages />
            {signIn && <Link className="quiet" href="/sign-in">{t("nav.signIn")}</Link>}
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      <footer className="foot"><div className="wrap"><p>{t("layout.foot", { name: appName() })}</p></div></footer>
    </div>
  );
}
