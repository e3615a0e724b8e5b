"use server";

import { ApiError, unwrap } from "@newconcierge/client";
import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import { shop } from "@/server/api";
import { idempotencyHeader, submit, text } from "@/server/forms";
import { returnAddress } from "@/server/return-address";
import { findSignup } from "@/server/signups";

/** Hold the name, and lead to Stripe's page. */
export async function checkOut(_: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const api = await shop();
    const body = { ...order(form), ...(await returnAddress()) };
    const started = unwrap(await api.POST("/api/billing/checkout/", { headers: idempotencyHeader(form), body }));
    redirect(started.checkout_url);
  });
}

/** Change what was ordered, and lead to a new page of Stripe's; the one before is closed. */
export async function changeSignup(id: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const api = await shop();
    const body = { ...order(form), ...(await returnAddress()) };
    const changed = await api
      .PATCH("/api/billing/signups/{signup_id}/", { params: { path: { signup_id: id } }, body })
      .then(unwrap)
      .catch((error: unknown) => toWelcome(id, error));
    redirect(changed.checkout_url ?? `/?signup=${id}`);
  });
}

/** Give the sign-up up: the name is free again, and nobody can pay for it. */
export async function giveUp(id: string, _: FormState, form: FormData): Promise<FormState> {
  return submit(form, async () => {
    const api = await shop();
    await api
      .DELETE("/api/billing/signups/{signup_id}/", { params: { path: { signup_id: id } } })
      .then(unwrap)
      .catch((error: unknown) => toWelcome(id, error));
    redirect("/");
  });
}

/** Where the payment was quicker, lead to what comes of it. */
async function toWelcome(id: string, error: unknown): Promise<never> {
  if (!(error instanceof ApiError && error.is("already-paid"))) throw error;
  const session = (await findSignup(id))?.session_id;
  redirect(session ? `/welcome/${session}` : "/");
}

function order(form: FormData) {
  return {
    organization: text(form, "organization"),
    subdomain: text(form, "subdomain").toLowerCase(),
    email: text(form, "email"),
    first_name: text(form, "first_name"),
    last_name: text(form, "last_name"),
    tax_id: text(form, "tax_id"),
    plan: text(form, "plan"),
    interval: text(form, "interval") === "year" ? ("year" as const) : ("month" as const),
  };
}
