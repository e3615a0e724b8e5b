"use server";

import { type TenantPaths, unwrap } from "@newconcierge/client";
import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import type { Interval } from "@/lib/plan";
import { text } from "@/server/forms";
import { asMember } from "@/server/members";
import { returnAddress } from "@/server/return-address";

type Change = TenantPaths["/api/subscription/change-plan/"]["post"]["responses"][200]["content"]["application/json"];
export type PlanPreview = Extract<Change, { due_now: number }>;
export type PreviewState = FormState & { preview?: PlanPreview };

/** Ask what another plan would cost; nothing is changed. */
export async function previewPlan(host: string, _: PreviewState, form: FormData): Promise<PreviewState> {
  return asMember(host, form, async ({ api }) => {
    const change = unwrap(await api.POST("/api/subscription/change-plan/", { body: { ...wish(form), preview: true } }));
    return { ...("due_now" in change ? { preview: change } : {}), values: wish(form) } satisfies PreviewState;
  });
}

/** Change the plan, now and charged exactly what the preview said, or at the period's end; first the bank's question, if it has one. */
export async function changePlan(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api, path }) => {
    const when = text(form, "when") === "period_end" ? "period_end" : "now";
    const changed = unwrap(await api.POST("/api/subscription/change-plan/", { body: { ...wish(form), preview: false, at: text(form, "at"), when } }));
    if ("next_action" in changed && changed.next_action) redirect(changed.next_action.url);
    redirect(`${path("subscription")}?said=${when === "now" ? "changed" : "planned"}`);
  });
}

/** Drop a change that waits, for its payment or for the end of the period. */
export async function giveUpChange(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    unwrap(await api.POST("/api/subscription/give-up-change/"));
  });
}

export async function cancel(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    unwrap(await api.POST("/api/subscription/cancel/"));
  });
}

export async function resume(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const { next_action } = unwrap(await api.POST("/api/subscription/resume/"));
    if (next_action) redirect(next_action.url);
  });
}

/** Lead to Stripe's page for cards and addresses. */
export async function openPortal(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const { url } = unwrap(await api.POST("/api/subscription/portal/", { body: await returnAddress() }));
    redirect(url);
  });
}

/** Lead to Stripe's page to subscribe anew, once a subscription has ended. */
export async function beginAgain(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const { url } = unwrap(await api.POST("/api/subscription/begin-again/", { body: { ...wish(form), ...(await returnAddress()) } }));
    redirect(url);
  });
}

function wish(form: FormData): { plan: string; interval: Interval } {
  return { plan: text(form, "plan"), interval: text(form, "interval") === "year" ? "year" : "month" };
}
