"use server";

import { unwrap } from "@newconcierge/client";
import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import { id, idempotencyHeader, text } from "@/server/forms";
import { asMember } from "@/server/members";

/** Add a building; its apartments come next. */
export async function addBuilding(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api, path }) => {
    const body = { name: text(form, "name"), address: text(form, "address"), notes: text(form, "notes") };
    const building = unwrap(await api.POST("/api/buildings/", { headers: idempotencyHeader(form), body }));
    redirect(path(`buildings/${building.id}`));
  });
}

export async function addApartment(host: string, building: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const body = {
      building,
      number: text(form, "number"),
      floor: Number(text(form, "floor")) || 0,
      mills: id(form, "mills") ?? 0,
      owner_name: text(form, "owner_name"),
      owner_email: text(form, "owner_email"),
      tenant_name: text(form, "tenant_name"),
      tenant_email: text(form, "tenant_email"),
    };
    unwrap(await api.POST("/api/apartments/", { headers: idempotencyHeader(form), body }));
  });
}

/** Begin a month of this building: `YYYY-MM`, as the browser's month field says it. */
export async function beginMonth(host: string, building: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api, path }) => {
    const body = { building, month: `${text(form, "month")}-01` };
    const period = unwrap(await api.POST("/api/periods/", { headers: idempotencyHeader(form), body }));
    redirect(path(`months/${period.id}`));
  });
}

/** Have a building made with invented people and figures, to look at. */
export async function addSample(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    unwrap(await api.POST("/api/sample/"));
  });
}
