import "server-only";

import { createHash } from "node:crypto";

import { ApiError } from "@newconcierge/client";

import type { FormState } from "@/lib/form-state";

import { speak } from "./language";

/** The hidden field by which a form that is sent twice is known. */
const ATTEMPT = "attempt";
const NEVER_SHOWN_AGAIN = /password|code|^\$|^attempt$/;

/** Do what a form asks for; what the API refuses is said at the form, and what was typed stays. */
export async function submit(form: FormData, work: () => Promise<FormState | void>): Promise<FormState> {
  try {
    return (await work()) ?? { done: "done" };
  } catch (error) {
    const problem = error instanceof ApiError ? await refusal(error) : await breakdown(error);
    return { problem, values: typed(form) };
  }
}

export function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** A password as it was typed, spaces and all. */
export function secret(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** The number of a choice such as an apartment, or null. */
export function id(form: FormData, name: string): number | null {
  return /^\d{1,15}$/.test(text(form, name)) ? Number(text(form, name)) : null;
}

/** A key that is the same when the same form is sent again, and another once it was changed. */
export function idempotencyHeader(form: FormData): { "Idempotency-Key": string } {
  const said = [...form.entries()].filter(([name, value]) => !name.startsWith("$") && typeof value === "string");
  const digest = createHash("sha256").update(JSON.stringify(said)).digest("hex");
  return { "Idempotency-Key": `${text(form, ATTEMPT).slice(0, 36)}-${digest.slice(0, 24)}` };
}

function typed(form: FormData): Record<string, string> {
  return Object.fromEntries(
    [...form.entries()].filter((each): each is [string, string] => typeof each[1] === "string" && !NEVER_SHOWN_AGAIN.test(each[0])),
  );
}

async function refusal(error: ApiError): Promise<NonNullable<FormState["problem"]>> {
  const { detail, errors = {} } = error.problem;
  return { detail, errors };
}

/** The API can't be reached, or did not answer in time. What is not that (a redirect, too) goes on. */
async function breakdown(error: unknown): Promise<NonNullable<FormState["problem"]>> {
  const unreachable = error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
  if (!unreachable) throw error;
  console.error("The API could not be reached:", error);
  const { t } = await speak();
  return { detail: t("problem.unreachable"), errors: {} };
}
