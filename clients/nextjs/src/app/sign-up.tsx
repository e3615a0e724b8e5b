"use client";

import { ActionForm, Field } from "@/components/form";
import { PlanPicker } from "@/components/plan-picker";
import { useLanguage } from "@/i18n/client";
import type { Plan } from "@/lib/plan";
import type { TypedOrder } from "@/server/signups";

import { changeSignup, checkOut } from "./actions";
import { NameField } from "./name-field";
import styles from "./sign-up.module.css";

interface SignUpProps {
  plans: Plan[];
  attempt: string;
  domain: string;
  /** Whether no real money moves here. */
  pretend: boolean;
  /** What was ordered before, to be changed. */
  signup?: { id: string; order: TypedOrder };
}

/** The order: which plan, which name, and whose. */
export function SignUp({ plans, attempt, domain, pretend, signup }: SignUpProps) {
  const { t } = useLanguage();
  const order = signup?.order;
  const action = signup ? changeSignup.bind(null, signup.id) : checkOut;
  return (
    <ActionForm
      action={action} submit={t(signup ? "waiting.submit" : "signUp.submit")} attempt={attempt}
      className={styles.form ?? ""} label={t("signUp.title")}
    >
      <PlanPicker plans={plans} plan={order?.plan} interval={order?.interval ?? "month"} />
      <div className={`halves ${styles.people}`}>
        <fieldset className="card">
          <legend className={styles.legend}>{t("signUp.workspace")}</legend>
          <NameField
            domain={domain} signup={signup?.id}
            organization={order?.organization ?? ""} subdomain={order?.subdomain ?? ""}
          />
          <Field
            name="tax_id" label={t("signUp.taxId")} defaultValue={order?.tax_id} hint={t("signUp.taxId.hint")}
            autoCapitalize="characters" spellCheck={false} maxLength={20}
          />
        </fieldset>
        <fieldset className="card">
          <legend className={styles.legend}>{t("signUp.owner")}</legend>
          <div className="pair">
            <Field name="first_name" label={t("person.firstName")} defaultValue={order?.first_name} autoComplete="given-name" maxLength={80} required />
            <Field name="last_name" label={t("person.lastName")} defaultValue={order?.last_name} autoComplete="family-name" maxLength={80} required />
          </div>
          <Field name="email" type="email" label={t("person.email")} defaultValue={order?.email} autoComplete="email" hint={t("signUp.email.hint")} required />
        </fieldset>
      </div>
      {pretend && <p className="hint">{t("signUp.pretend")}</p>}
    </ActionForm>
  );
}
