"use client";

import { use } from "react";

import { useLanguage } from "@/i18n/client";
import { money } from "@/lib/format";
import { type Interval, type Plan, priceOf } from "@/lib/plan";

import { Sent } from "./form";
import styles from "./plan-picker.module.css";

const INTERVALS: readonly Interval[] = ["month", "year"];

/** How often, and which plan; CSS shows the prices of the chosen interval, without any script. */
export function PlanPicker({ plans, plan, interval = "month" }: { plans: Plan[]; plan?: string | undefined; interval?: Interval }) {
  const { t } = useLanguage();
  const { values, problem } = use(Sent);
  const chosen = values?.["plan"] ?? plan ?? plans[1]?.code ?? plans[0]?.code;
  const often = values?.["interval"] ?? interval;
  const errors = [...(problem?.errors["plan"] ?? []), ...(problem?.errors["interval"] ?? [])];
  return (
    <div className={styles.picker} key={`${chosen} ${often}`}>
      <fieldset className={styles.intervals}>
        <legend className="visually-hidden">{t("plan.howOften")}</legend>
        {INTERVALS.map((each) => (
          <label key={each} className={styles.interval}>
            <input type="radio" name="interval" value={each} defaultChecked={each === often} />
            <span>{t(each === "month" ? "plan.monthly" : "plan.yearly")}</span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend className="visually-hidden">{t("plan.which")}</legend>
        <div className={styles.plans}>
          {plans.map((each) => <PlanCard key={each.code} plan={each} chosen={each.code === chosen} />)}
        </div>
      </fieldset>
      {errors.length > 0 && <p className="field-error">{errors.join(" ")}</p>}
    </div>
  );
}

function PlanCard({ plan, chosen }: { plan: Plan; chosen: boolean }) {
  const { t } = useLanguage();
  const most = plan.limits.apartments;
  return (
    <label className={`card ${styles.plan}`}>
      <span className={styles.name}>
        <input type="radio" name="plan" value={plan.code} defaultChecked={chosen} required />
        {plan.name}
      </span>
      {INTERVALS.map((each) => <PlanPrice key={each} plan={plan} interval={each} />)}
      <span className={styles.description}>{plan.description}</span>
      <span className={styles.feature}>{most === null ? t("plan.unlimited") : t("plan.upTo", { number: most })}</span>
      {plan.trial_days > 0 && <span className={styles.feature}>{t("plan.trial", { days: plan.trial_days })}</span>}
    </label>
  );
}

function PlanPrice({ plan, interval }: { plan: Plan; interval: Interval }) {
  const { t, language } = useLanguage();
  const price = priceOf(plan, interval);
  return (
    <span className={`${styles.price} ${interval === "month" ? styles.byMonth : styles.byYear}`}>
      {price ? (
        <>
          <strong>{money(price.unit_amount, price.currency, language, { short: true })}</strong>{" "}
          {t(interval === "month" ? "plan.perMonth" : "plan.perYear")}
          <small className={styles.tax}>{t(price.tax_behavior === "exclusive" ? "plan.exclusive" : "plan.inclusive")}</small>
        </>
      ) : t("plan.notSoOften")}
    </span>
  );
}
