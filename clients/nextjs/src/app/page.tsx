import { idempotencyKey, unwrap } from "@newconcierge/client";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";

import { Facade } from "@/components/facade";
import { ActionForm } from "@/components/form";
import { SiteFrame } from "@/components/site-frame";
import { moment, money } from "@/lib/format";
import { type Plan, priceOf } from "@/lib/plan";
import { shop } from "@/server/api";
import { speak } from "@/server/language";
import { workspaceDomain } from "@/server/settings";
import { findSignup, isPaid, type Signup, type TypedOrder } from "@/server/signups";

import { giveUp } from "./actions";
import styles from "./home.module.css";
import { SignUp } from "./sign-up";

export default async function Home({ searchParams }: { searchParams: Promise<{ signup?: string }> }) {
  const [api, { t }, { signup: id }] = await Promise.all([shop(), speak(), searchParams]);
  const [plans, config, signup] = await Promise.all([
    api.GET("/api/billing/plans/").then(unwrap),
    api.GET("/api/billing/config/").then(unwrap),
    findSignup(id),
  ]);
  if (signup && isPaid(signup)) redirect(`/welcome/${signup.session_id}`);
  const order = signup?.order ?? undefined;
  return (
    <SiteFrame>
      {signup && order ? <Waiting signup={signup} order={order} plans={plans} /> : <Hero gone={Boolean(id)} />}
      <section className={`wrap ${styles.section}`} id="sign-up" aria-labelledby="sign-up-title">
        <h2 id="sign-up-title">{t(order ? "waiting.change" : "signUp.title")}</h2>
        <SignUp
          plans={plans} attempt={idempotencyKey()} domain={workspaceDomain()} pretend={config.mode !== "live"}
          {...(signup && order ? { signup: { id: signup.signup_id, order } } : {})}
        />
      </section>
    </SiteFrame>
  );
}

async function Hero({ gone }: { gone: boolean }) {
  const { t } = await speak();
  return (
    <>
      <section className={styles.hero}>
        <div className={`wrap ${styles.heroRow}`}>
          <div>
            {gone && <p className="notice warning" role="status">{t("waiting.gone")}</p>}
            <h1>{t("home.title")}</h1>
            <p className="lead">{t("home.lead")}</p>
            <p className="row"><a className="button" href="#sign-up">{t("home.begin")}</a></p>
          </div>
          <Facade />
        </div>
      </section>
      <section className={`wrap ${styles.section}`} aria-labelledby="steps">
        <h2 id="steps">{t("home.steps")}</h2>
        <ol className={`cards ${styles.steps}`}>
          <Step title={t("home.step1")}>{t("home.step1.text")}</Step>
          <Step title={t("home.step2")}>{t("home.step2.text")}</Step>
          <Step title={t("home.step3")}>{t("home.step3.text")}</Step>
        </ol>
      </section>
    </>
  );
}

function Step({ title, children }: { title: string; children: ReactNode }) {
  return <li><h3>{title}</h3><p className="muted">{children}</p></li>;
}

/** The order of a buyer who has turned back at Stripe's page: to pay, to change, or to give up. */
async function Waiting({ signup, order, plans }: { signup: Signup; order: TypedOrder; plans: Plan[] }) {
  const { t, language } = await speak();
  const plan = plans.find(({ code }) => code === order.plan);
  const price = plan && priceOf(plan, order.interval);
  return (
    <section className={`wrap ${styles.waiting}`} aria-labelledby="waiting">
      <div className="card">
        <h1 id="waiting">{t("waiting.title")}</h1>
        <p className="muted">{t("waiting.lead")}</p>
        <dl className="pairs">
          <dt>{t("signUp.organization")}</dt><dd>{order.organization}</dd>
          <dt>{t("signUp.name")}</dt><dd>{order.subdomain}</dd>
          <dt>{t("waiting.plan")}</dt>
          <dd>
            {plan?.name ?? order.plan}
            {price && `, ${money(price.unit_amount, price.currency, language, { short: true })} ${t(order.interval === "year" ? "plan.perYear" : "plan.perMonth")}`}
          </dd>
        </dl>
        <div className="row">
          {signup.checkout_url && <a className="button" href={signup.checkout_url}>{t("signUp.submit")}</a>}
          <ActionForm action={giveUp.bind(null, signup.signup_id)} submit={t("waiting.giveUp")} look="quiet" />
        </div>
        {signup.expires_at && <p className="hint">{t("waiting.until", { time: moment(signup.expires_at, language) })}</p>}
      </div>
    </section>
  );
}
