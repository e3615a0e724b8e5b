"use client";

import { useActionState } from "react";

import { ActionForm, FormNotice, Sent, SubmitButton } from "@/components/form";
import { PlanPicker } from "@/components/plan-picker";
import type { Key } from "@/i18n";
import { useLanguage } from "@/i18n/client";
import { day, money } from "@/lib/format";
import type { Interval, Plan } from "@/lib/plan";

import { changePlan, type PlanPreview, previewPlan } from "./actions";

/** Two steps: what another plan would cost, and the yes to exactly that. */
export function PlanChange({ host, plans, plan, interval }: { host: string; plans: Plan[]; plan: string | undefined; interval: Interval }) {
  const { t } = useLanguage();
  const [state, run, pending] = useActionState(previewPlan.bind(null, host), {});
  return (
    <div className="stack">
      <form action={run}>
        <FormNotice state={state} />
        <Sent value={state}><PlanPicker plans={plans} plan={plan} interval={interval} /></Sent>
        <p />
        <SubmitButton pending={pending} look="button second">{t("subscription.preview")}</SubmitButton>
      </form>
      {state.preview && <Preview host={host} preview={state.preview} />}
    </div>
  );
}

const WHEN: Record<PlanPreview["when"], Key> = { now: "subscription.when.now", period_end: "subscription.when.periodEnd" };

function Preview({ host, preview }: { host: string; preview: PlanPreview }) {
  const { t, language } = useLanguage();
  const { currency, lines, due_now, credit, next_charge } = preview;
  return (
    <div className="notice" role="status">
      <h3>{t("subscription.preview.title")}</h3>
      <table>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.kind} ${line.description}`}><td>{line.description}</td><td className="right number">{money(line.amount, currency, language)}</td></tr>
          ))}
        </tbody>
        <tfoot>
          <tr><th scope="row">{t("subscription.dueNow")}</th><td className="right number">{money(due_now, currency, language)}</td></tr>
        </tfoot>
      </table>
      {credit > 0 && <p className="small">{t("subscription.credit", { amount: money(credit, currency, language) })}</p>}
      {next_charge.at && (
        <p className="small">
          {t("subscription.nextCharge", { amount: money(next_charge.amount, next_charge.currency, language), date: day(next_charge.at, language) })}
        </p>
      )}
      <ActionForm action={changePlan.bind(null, host)} submit={t("subscription.confirm")}>
        <input type="hidden" name="plan" value={preview.plan} />
        <input type="hidden" name="interval" value={preview.interval} />
        <input type="hidden" name="at" value={preview.at} />
        {preview.when_choices.length > 1 && (
          <fieldset>
            <legend>{t("subscription.when")}</legend>
            {preview.when_choices.map((when) => (
              <label key={when} className="row">
                <input type="radio" name="when" value={when} defaultChecked={when === preview.when} /> {t(WHEN[when])}
              </label>
            ))}
          </fieldset>
        )}
        {preview.when_choices.length === 1 && <input type="hidden" name="when" value={preview.when} />}
      </ActionForm>
    </div>
  );
}
