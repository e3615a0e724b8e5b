"use server";

import { unwrap } from "@newconcierge/client";

import type { FormState } from "@/lib/form-state";
import { minorUnits } from "@/lib/format";
import { EXPENSE_CATEGORY, type Expense } from "@/lib/words";
import { idempotencyHeader, text } from "@/server/forms";
import { speak } from "@/server/language";
import { asMember } from "@/server/members";

export async function addExpense(host: string, period: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const amount = minorUnits(text(form, "amount"));
    if (amount === null) return notAnAmount(form);
    const body = {
      period, amount,
      category: category(form),
      description: text(form, "description"),
      spent_on: text(form, "spent_on"),
    };
    unwrap(await api.POST("/api/expenses/", { headers: idempotencyHeader(form), body }));
  });
}

/** Charge every apartment its share; that can't be taken back, only corrected. */
export async function issueMonth(host: string, period: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    unwrap(await api.POST("/api/periods/{id}/issue/", { params: { path: { id: period } } }));
  });
}

function category(form: FormData): Expense["category"] {
  const chosen = text(form, "category");
  return chosen in EXPENSE_CATEGORY ? (chosen as Expense["category"]) : "other";
}

async function notAnAmount(form: FormData): Promise<FormState> {
  const { t } = await speak();
  const detail = t("expense.notAnAmount");
  const values = Object.fromEntries(["amount", "category", "description", "spent_on"].map((name) => [name, text(form, name)]));
  return { problem: { detail, errors: { amount: [detail] } }, values };
}
