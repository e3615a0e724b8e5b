"use client";

import { use, useEffect, useState } from "react";

import { Field, Sent } from "@/components/form";
import { useLanguage } from "@/i18n/client";
import { suggestedName } from "@/lib/suggested-name";

import styles from "./name-field.module.css";

const PAUSE_MS = 300;

interface Verdict {
  label: string;
  available: boolean;
  reason: string;
}

interface NameFieldProps {
  domain: string;
  organization: string;
  subdomain: string;
  /** A sign-up that is being changed: its own name is free for itself. */
  signup: string | undefined;
}

/** The organisation, and the workspace's name, which follows it until somebody types another. */
export function NameField({ domain, organization, subdomain, signup }: NameFieldProps) {
  const { t } = useLanguage();
  const { values } = use(Sent);
  const [label, setLabel] = useState(values?.["subdomain"] ?? subdomain);
  const [own, setOwn] = useState(Boolean(label));
  const verdict = useVerdict(label, signup);
  return (
    <>
      <Field
        name="organization" label={t("signUp.organization")} autoComplete="organization" maxLength={120} required
        defaultValue={organization}
        onChange={(event) => { if (!own) setLabel(suggestedName(event.target.value)); }}
      />
      <Field
        name="subdomain" label={t("signUp.name")} hint={t("signUp.name.hint")} suffix={domain ? `.${domain}` : undefined}
        value={label} autoComplete="off" autoCapitalize="none" spellCheck={false} minLength={3} maxLength={40} required
        onChange={(event) => { setOwn(true); setLabel(event.target.value.toLowerCase()); }}
        after={<Availability verdict={verdict} />}
      />
    </>
  );
}

function Availability({ verdict }: { verdict: Verdict | null }) {
  const { t } = useLanguage();
  const look = verdict?.available ? styles.free : styles.taken;
  return (
    <p className={`${styles.verdict} ${verdict ? look : ""}`} aria-live="polite">
      {verdict && (verdict.available ? t("signUp.name.free") : verdict.reason)}
    </p>
  );
}

/** What the shop says of a name, a moment after the last key. */
function useVerdict(label: string, signup: string | undefined): Verdict | null {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    if (label.length < 3) return;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      fetch(`/api/names/${encodeURIComponent(label)}${signup ? `?signup=${signup}` : ""}`, { signal: gone.signal })
        .then((answer) => (answer.ok ? (answer.json() as Promise<Verdict>) : null))
        .then(setVerdict)
        .catch(() => undefined); // the form itself asks again
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [label, signup]);
  return verdict?.label === label ? verdict : null;
}
