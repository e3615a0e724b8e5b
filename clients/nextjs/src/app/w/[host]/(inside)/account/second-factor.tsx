"use client";

import { useActionState } from "react";

import { ActionForm, Field, FormNotice, Sent, SubmitButton } from "@/components/form";
import { useLanguage } from "@/i18n/client";

import styles from "./account.module.css";
import { type CodesState, switchCodesOff, switchCodesOn } from "./actions";

/** What an authenticator app needs, or why none can be set up now: a new address waits to be confirmed. */
export type Offer = { qr: string; secret: string } | { refused: string };

interface Props {
  host: string;
  /** Null: an app is set up. */
  offer: Offer | null;
}

/** One-time codes, on or off. What came of switching them on stays in sight: the recovery codes are shown once. */
export function SecondFactor({ host, offer }: Props) {
  const { t } = useLanguage();
  const [state, run, pending] = useActionState<CodesState, FormData>(switchCodesOn.bind(null, host), {});
  return (
    <section className="card">
      <div className="card-head">
        <h2>{t("codes.title")}</h2>
        <span className={`badge ${offer ? "" : "good"}`}>{t(offer ? "codes.off" : "codes.on")}</span>
      </div>
      <p className="muted">{t(offer ? "codes.off.lead" : "codes.on.lead")}</p>
      {state.codes && !offer && <RecoveryCodes codes={state.codes} />}
      {offer && "refused" in offer && <p className="notice">{offer.refused}</p>}
      {offer && "qr" in offer && (
        <details>
          <summary>{t("codes.switchOn")}</summary>
          <p>{t("codes.scan")}</p>
          <p className={styles.app}><img src={offer.qr} alt={t("codes.qr")} /><code>{offer.secret}</code></p>
          <form action={run}>
            <FormNotice state={state} />
            <Sent value={state}>
              <Field name="password" type="password" label={t("person.password")} autoComplete="current-password" required />
              <Field name="code" label={t("code.label")} className="code" autoComplete="one-time-code" inputMode="numeric" required />
            </Sent>
            <SubmitButton pending={pending}>{t("codes.switchOn")}</SubmitButton>
          </form>
        </details>
      )}
      {!offer && (
        <details>
          <summary>{t("codes.switchOff")}</summary>
          <ActionForm action={switchCodesOff.bind(null, host)} submit={t("codes.switchOff")} look="button danger">
            <Field name="password" type="password" label={t("person.password")} autoComplete="current-password" required />
          </ActionForm>
        </details>
      )}
    </section>
  );
}

function RecoveryCodes({ codes }: { codes: string[] }) {
  const { t } = useLanguage();
  return (
    <div className="notice good" role="status">
      <p>{t("codes.recovery")}</p>
      <ul className={styles.codes}>{codes.map((each) => <li key={each}>{each}</li>)}</ul>
    </div>
  );
}
