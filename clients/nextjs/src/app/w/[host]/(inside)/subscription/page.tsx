import { unwrap } from "@newconcierge/client";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ReactNode } from "react";

import { ActionForm } from "@/components/form";
import { PlanPicker } from "@/components/plan-picker";
import type { Key } from "@/i18n";
import { day, money, number } from "@/lib/format";
import type { Interval, Plan } from "@/lib/plan";
import type { Subscription } from "@/lib/words";
import { shop } from "@/server/api";
import { speak } from "@/server/language";
import { enter, hostOf } from "@/server/workspace";

import { beginAgain, cancel, giveUpChange, openPortal, resume } from "./actions";
import { documentPath, Invoices } from "./invoices";
import { PlanChange } from "./plan-change";
import styles from "./subscription.module.css";

interface Props {
  params: Promise<{ host: string }>;
  searchParams: Promise<{ said?: string }>;
}

const STATUS: Record<string, Key> = {
  trialing: "subscription.trialing", active: "subscription.active", past_due: "subscription.past_due", unpaid: "subscription.unpaid",
  paused: "subscription.paused", canceled: "subscription.canceled", incomplete: "subscription.incomplete",
  incomplete_expired: "subscription.canceled", manual: "subscription.manual", none: "subscription.none",
};

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.subscription") };
}

export default async function SubscriptionPage({ params, searchParams }: Props) {
  const [host, { said }, { t }] = await Promise.all([hostOf(params), searchParams, speak()]);
  const { api, read, owns } = await enter(host);
  if (!owns) notFound();
  const [subscription, invoices, plans] = await Promise.all([
    read(api.GET("/api/subscription/").then(unwrap)),
    read(api.GET("/api/invoices/").then(unwrap)),
    shop().then((open) => open.GET("/api/billing/plans/")).then(unwrap),
  ]);
  const { actions, plan, price } = subscription;
  const interval: Interval = price?.interval === "year" ? "year" : "month";
  return (
    <div className="stack">
      <h1>{t("nav.subscription")}</h1>
      {said === "planned" && <p className="notice good" role="status">{t("subscription.planned")}</p>}
      {said === "changed" && <p className="notice good" role="status">{t("subscription.changed")}</p>}
      {said === "not-shown" && <p className="notice error" role="alert">{t("invoice.notShown")}</p>}
      <Trouble host={host} subscription={subscription} />
      <Waiting host={host} subscription={subscription} />
      <Planned host={host} subscription={subscription} />
      <Standing host={host} subscription={subscription} />
      {actions.begin_again && <Again host={host} plans={plans} plan={plan?.code} interval={interval} />}
      {actions.change_plan && (
        <section className="card">
          <h2>{t("subscription.change")}</h2>
          <PlanChange host={host} plans={plans} plan={plan?.code} interval={interval} />
        </section>
      )}
      <Invoices host={host} rows={invoices.results} />
      {actions.cancel && (
        <details className="card">
          <summary>{t("subscription.cancel")}</summary>
          <p className="muted">{t("subscription.cancel.lead")}</p>
          <ActionForm action={cancel.bind(null, host)} submit={t("subscription.cancel")} look="button danger" />
        </details>
      )}
    </div>
  );
}

/** What needs a payment, and where to make it. */
async function Trouble({ host, subscription }: { host: string; subscription: Subscription }) {
  const { t, language } = await speak();
  const { suspended, past_due, payment_problem: problem, data_kept_until } = subscription;
  if (!suspended && !past_due && !problem) return null;
  return (
    <section className={`notice ${suspended ? "error" : "warning"}`} role="status">
      {suspended && <h2>{t("suspended.title")}</h2>}
      {suspended && <p>{t("suspended.lead")}</p>}
      {suspended && data_kept_until && <p>{t("suspended.until", { date: day(data_kept_until, language) })}</p>}
      {past_due && !suspended && <p>{t("subscription.pastDue", { date: day(past_due.grace_ends_at, language) })}</p>}
      {problem && <p>{t("subscription.owed", { amount: money(problem.amount_due, problem.currency, language) })}</p>}
      {problem?.pay_url && <p><a className="button" href={documentPath(host, problem.invoice, "page")}>{t("subscription.pay")}</a></p>}
      {problem && <p className="small">{t("subscription.opensAgain")}</p>}
    </section>
  );
}

/** A change that the bank wants to have confirmed: nothing has changed until then. */
async function Waiting({ host, subscription }: { host: string; subscription: Subscription }) {
  const { t } = await speak();
  const { pending_change: pending, next_action, actions } = subscription;
  if (!pending) return null;
  return (
    <section className="notice warning" role="status">
      <h2>{t("subscription.waiting")}</h2>
      <p>{pending.detail}</p>
      <div className="row">
        {next_action && <a className="button" href={next_action.url}>{t("subscription.confirmPayment")}</a>}
        {actions.give_up_change && <ActionForm action={giveUpChange.bind(null, host)} submit={t("subscription.giveUp")} look="button second" />}
      </div>
    </section>
  );
}

/** A smaller plan that comes when the paid period ends. */
async function Planned({ host, subscription }: { host: string; subscription: Subscription }) {
  const { t } = await speak();
  const { scheduled_change: planned, pending_change: pending, actions } = subscription;
  if (!planned) return null;
  return (
    <section className="notice" role="status">
      <p>{planned.detail}</p>
      {actions.give_up_change && !pending && <ActionForm action={giveUpChange.bind(null, host)} submit={t("subscription.keep")} look="button second" />}
    </section>
  );
}

async function Standing({ host, subscription }: { host: string; subscription: Subscription }) {
  const { t, language } = await speak();
  const { plan, price, status, trial_end, next_charge, ends_at, limits, actions } = subscription;
  const { used, limit } = limits.apartments;
  const facts: [string, ReactNode][] = [
    [t("subscription.status"), t(STATUS[status] ?? "subscription.other")],
    ...(price ? [[t("subscription.price"), `${money(price.unit_amount, price.currency, language)} ${t(price.interval === "year" ? "plan.perYear" : "plan.perMonth")}`] as [string, ReactNode]] : []),
    ...(trial_end ? [[t("subscription.trialUntil"), day(trial_end, language)] as [string, ReactNode]] : []),
    ...(next_charge?.at ? [[t("subscription.next"), `${money(next_charge.amount, next_charge.currency, language)}, ${day(next_charge.at, language)}`] as [string, ReactNode]] : []),
    ...(ends_at ? [[t("subscription.ends"), day(ends_at, language)] as [string, ReactNode]] : []),
  ];
  return (
    <section className="card">
      <div className="card-head">
        <h2>{plan ? t("subscription.plan", { name: plan.name }) : t("subscription.noPlan")}</h2>
        <div className="row">
          {actions.resume && <ActionForm action={resume.bind(null, host)} submit={t("subscription.resume")} />}
          {actions.portal && <ActionForm action={openPortal.bind(null, host)} submit={t("subscription.portal")} look="button second" />}
        </div>
      </div>
      <dl className="pairs">{facts.map(([name, value]) => <div key={name} className={styles.fact}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      {used !== null && (
        <p className={styles.use}>
          <span>{t("apartment.many")}: {limit === null ? number(used, language) : t("subscription.used", { used: number(used, language), limit: number(limit, language) })}</span>
          {limit !== null && <meter min={0} max={limit} high={limit * 0.9} value={used} aria-label={t("apartment.many")} />}
        </p>
      )}
    </section>
  );
}

async function Again({ host, plans, plan, interval }: { host: string; plans: Plan[]; plan: string | undefined; interval: Interval }) {
  const { t } = await speak();
  return (
    <section className="card">
      <h2>{t("subscription.again")}</h2>
      <p className="muted">{t("subscription.again.lead")}</p>
      <ActionForm action={beginAgain.bind(null, host)} submit={t("signUp.submit")}>
        <PlanPicker plans={plans} plan={plan} interval={interval} />
      </ActionForm>
    </section>
  );
}
