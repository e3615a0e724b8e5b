"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";

import styles from "./places.module.css";

interface Place {
  href: string;
  name: string;
}

/** The pages of a workspace, with the one that is open marked. */
export function Places({ places, home, label }: { places: Place[]; home: string; label: string }) {
  const path = decodeURIComponent(usePathname());
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // On a phone the row of places is wider than the screen.
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path]);
  const open = (href: string) => path === href || (href !== home && path.startsWith(`${href}/`));
  return (
    <nav aria-label={label} className={styles.places}>
      <ul ref={list}>
        {places.map(({ href, name }) => (
          <li key={href}><Link href={href} aria-current={open(href) ? "page" : undefined}>{name}</Link></li>
        ))}
      </ul>
    </nav>
  );
}
