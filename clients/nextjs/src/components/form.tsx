"use client";

import { createContext, type InputHTMLAttributes, type ReactNode, use, useActionState, useEffect, useId, useRef } from "react";

import { useLanguage } from "@/i18n/client";
import type { FormAction, FormState } from "@/lib/form-state";

const Sent = createContext<FormState>({});

interface ActionFormProps {
  action: FormAction;
  submit: string;
  /** Makes the form known if it is sent twice; for forms that create something. */
  attempt?: string;
  className?: string;
  look?: "button" | "button second" | "button danger" | "quiet";
  done?: string;
  label?: string;
  children?: ReactNode;
}

/** A form of a server action: shows what was refused by field, and keeps what was typed. */
export function ActionForm({ action, submit, attempt, className, look = "button", done, label, children }: ActionFormProps) {
  const [state, run, pending] = useActionState(action, {});
  return (
    <form action={run} className={className} noValidate={false} aria-label={label}>
      <FormNotice state={state} done={done} />
      {attempt && <input type="hidden" name="attempt" value={attempt} />}
      <Sent value={state}>{children}</Sent>
      <SubmitButton pending={pending} look={look}>{submit}</SubmitButton>
    </form>
  );
}

export function SubmitButton({ pending, look = "button", children }: { pending: boolean; look?: string; children: ReactNode }) {
  return (
    <button className={look} disabled={pending} aria-busy={pending}>
      {pending && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

/** What the API said to the form, moved into view and read out. */
export function FormNotice({ state, done }: { state: FormState; done?: string | undefined }) {
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (state.problem) notice.current?.focus();
  }, [state]);
  if (state.problem) {
    return <div className="notice error" role="alert" tabIndex={-1} ref={notice}>{state.problem.detail}</div>;
  }
  return state.done && done ? <div className="notice good" role="status">{done}</div> : null;
}

type FieldProps = {
  name: string;
  label: string;
  hint?: ReactNode;
  suffix?: string | undefined;
  after?: ReactNode;
} & Omit<InputHTMLAttributes<HTMLInputElement>, "name">;

export function Field({ name, label, hint, suffix, after, defaultValue, ...input }: FieldProps) {
  const { id, errors, value, described } = useField(name, hint);
  return (
    <div className="field">
      <label htmlFor={id}>{label}<Optional required={input.required} /></label>
      <span className={suffix ? "joined" : undefined}>
        <input {...input} {...("value" in input ? {} : { defaultValue: value ?? defaultValue })} id={id} name={name} {...described} />
        {suffix && <span className="suffix">{suffix}</span>}
      </span>
      {after}
      <Below id={id} hint={hint} errors={errors} />
    </div>
  );
}

export function TextArea({ name, label, hint, rows = 4, required }: { name: string; label: string; hint?: ReactNode; rows?: number; required?: boolean }) {
  const { id, errors, value, described } = useField(name, hint);
  return (
    <div className="field">
      <label htmlFor={id}>{label}<Optional required={required} /></label>
      <textarea id={id} name={name} rows={rows} required={required} defaultValue={value} {...described} />
      <Below id={id} hint={hint} errors={errors} />
    </div>
  );
}

interface SelectProps {
  name: string;
  label: string;
  options: readonly (readonly [value: string, label: string])[];
  defaultValue?: string;
  required?: boolean;
  hint?: ReactNode;
}

export function Select({ name, label, options, defaultValue, required = true, hint }: SelectProps) {
  const { id, errors, value, described } = useField(name, hint);
  const chosen = value ?? defaultValue;
  return (
    <div className="field">
      <label htmlFor={id}>{label}<Optional required={required} /></label>
      {/* React resets a form to what its fields began with: a new choice needs a new field. */}
      <select key={chosen} id={id} name={name} required={required} defaultValue={chosen} {...described}>
        {options.map(([each, shown]) => <option key={each} value={each}>{shown}</option>)}
      </select>
      <Below id={id} hint={hint} errors={errors} />
    </div>
  );
}

function Optional({ required }: { required: boolean | undefined }) {
  const { t } = useLanguage();
  return required ? null : <span className="optional"> {t("form.optional")}</span>;
}

function Below({ id, hint, errors }: { id: string; hint: ReactNode; errors: string[] }) {
  return (
    <>
      {errors.length > 0 && <p className="field-error" id={`${id}-error`}>{errors.join(" ")}</p>}
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
    </>
  );
}

function useField(name: string, hint: ReactNode) {
  const id = useId();
  const { problem, values } = use(Sent);
  const errors = problem?.errors[name] ?? [];
  const about = [errors.length ? `${id}-error` : "", hint ? `${id}-hint` : ""].filter(Boolean).join(" ");
  const described = {
    ...(about ? { "aria-describedby": about } : {}),
    ...(errors.length ? { "aria-invalid": true as const } : {}),
  };
  return { id, errors, value: values?.[name], described };
}

export { Sent };
