import type { ReactNode } from "react";

import { Mark } from "./brand";
import styles from "./door.module.css";
import { SiteFrame } from "./site-frame";

/** A page with one thing to do before one is in: a card in the middle. */
export function Door({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <SiteFrame signIn={false}>
      <div className={`wrap ${styles.door}`}>
        <section className={`card ${styles.card}`}>
          <Mark />
          <h1>{title}</h1>
          {lead && <p className="muted">{lead}</p>}
          {children}
        </section>
      </div>
    </SiteFrame>
  );
}
