"use client";

import type { PublicPaths } from "@newconcierge/client";
import Link from "next/link";
import { useEffect, useState } from "react";

import { ActionForm } from "@/components/form";
import type { Key } from "@/i18n";
import { useLanguage } from "@/i18n/client";
import { workspacePath } from "@/lib/workspace-host";

import { sendWelcomeMail } from "./actions";
import styles from "./welcome.module.css";

export type Progress = PublicPaths["/api/billing/checkout/{session_id}/"]["get"]["responses"][200]["content"]["application/json"];

const ASK_EVERY_MS = 1_000;
const STEPS: Record<string, Key> = {
  payment: "welcome.step.payment",
  workspace: "welcome.step.workspace",
  address: "welcome.step.address",
  owner: "welcome.step.owner",
  welcome_mail: "welcome.step.mail",
};

/** The way from the payment to the workspace, as it happens. */
export function Welcome({ session, known }: { session: string; known: Progress }) {
  const { t } = useLanguage();
  const progress = useProgress(session, known);
  const { status } = progress;
  return (
    <div className={`wrap ${styles.welcome}`}>
      <div aria-live="polite">
        <h1>{t(`welcome.${status}`)}</h1>
        <p className="lead">{t(`welcome.${status}.lead`)}</p>
      </div>
      {status !== "expired" && <Steps steps={progress.steps} />}
      {progress.workspace_url && status === "ready" && <Ready session={session} url={progress.workspace_url} />}
      {status === "expired" && <p><Link className="button" href="/">{t("welcome.again")}</Link></p>}
    </div>
  );
}

function Steps({ steps }: { steps: Progress["steps"] }) {
  const { t } = useLanguage();
  const next = steps.find((each) => !each.done_at)?.name;
  return (
    <ol className={`card ${styles.steps}`}>
      {steps.map(({ name, done_at }) => (
        <li key={name} className={done_at ? styles.done : name === next ? styles.next : undefined}>
          <span className={styles.tick} aria-hidden="true" />
          <span>{t(STEPS[name] ?? "welcome.step.other")}</span>
          <span className="muted small">{t(done_at ? "welcome.done" : "welcome.open")}</span>
        </li>
      ))}
    </ol>
  );
}

function Ready({ session, url }: { session: string; url: string }) {
  const { t } = useLanguage();
  const { host, hostname } = new URL(url);
  return (
    <div className={`card ${styles.ready}`}>
      <p className="muted">{t("welcome.address")}</p>
      <p className={styles.address}>{host}</p>
      <p>{t("welcome.mail")}</p>
      <div className="row">
        <Link className="button" href={workspacePath(hostname, "sign-in")}>{t("nav.signIn")}</Link>
        <ActionForm action={sendWelcomeMail.bind(null, session)} submit={t("welcome.sendAgain")} look="button second" done={t("welcome.sent")} />
      </div>
    </div>
  );
}

/** The workspace is ready a moment before the mail has left. */
function isOver({ status, steps }: Progress): boolean {
  return status === "failed" || status === "expired" || (status === "ready" && steps.every((each) => each.done_at));
}

function useProgress(session: string, known: Progress): Progress {
  const [progress, setProgress] = useState(known);
  const over = isOver(progress);
  useEffect(() => {
    if (over) return;
    let timer: ReturnType<typeof setTimeout>;
    let wait = ASK_EVERY_MS;
    const ask = async () => {
      const answer = await fetch(`/api/progress/${encodeURIComponent(session)}`).catch(() => null);
      // Trouble on the way passes: ask more slowly, not never.
      wait = answer?.ok ? ASK_EVERY_MS : Math.min(wait * 2, 15_000);
      if (answer?.ok) setProgress((await answer.json()) as Progress);
      timer = setTimeout(ask, wait);
    };
    timer = setTimeout(ask, ASK_EVERY_MS);
    return () => clearTimeout(timer);
  }, [session, over]);
  return progress;
}
