/** What a form knows after it was sent: what was refused, what was typed, what was done. */
export interface FormState {
  problem?: { detail: string; errors: Record<string, string[]> };
  values?: Record<string, string>;
  done?: string;
}

export type FormAction = (state: FormState, form: FormData) => Promise<FormState>;
