"use server";

import { unwrap } from "@newconcierge/client";
import { redirect } from "next/navigation";

import type { FormState } from "@/lib/form-state";
import { MOST_PHOTO_BYTES } from "@/lib/photo";
import { PRIORITY, REQUEST_CATEGORY, REQUEST_STATUS, type ServiceRequest } from "@/lib/words";
import { id, idempotencyHeader, text } from "@/server/forms";
import { speak } from "@/server/language";
import { asMember } from "@/server/members";
import type { Member } from "@/server/workspace";

/** Open a request, with a photo if there is one. */
export async function openRequest(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async (member) => {
    const photo = photoOf(form);
    if (photo && photo.size > MOST_PHOTO_BYTES) return tooLarge();
    const files = photo ? [await upload(member, photo)] : [];
    const body = {
      building: id(form, "building") ?? 0,
      title: text(form, "title"),
      description: text(form, "description"),
      category: oneOf(REQUEST_CATEGORY, text(form, "category"), "other"),
      priority: oneOf(PRIORITY, text(form, "priority"), "normal"),
      files,
    };
    const opened = unwrap(await member.api.POST("/api/requests/", { headers: idempotencyHeader(form), body }));
    redirect(member.path(`requests/${opened.id}`));
  });
}

export async function addPhoto(host: string, request: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async (member) => {
    const photo = photoOf(form);
    if (!photo) return undefined;
    if (photo.size > MOST_PHOTO_BYTES) return tooLarge();
    const params = { path: { id: request } };
    unwrap(await member.api.POST("/api/requests/{id}/attachments/", { params, body: { files: [await upload(member, photo)] } }));
    return undefined;
  });
}

export async function writeComment(host: string, request: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const body = { body: text(form, "body"), internal: text(form, "internal") === "on" };
    unwrap(await api.POST("/api/requests/{id}/comments/", { params: { path: { id: request } }, headers: idempotencyHeader(form), body }));
  });
}

export async function moveRequest(host: string, request: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const body = { status: oneOf(REQUEST_STATUS, text(form, "status"), "open"), note: text(form, "note") };
    unwrap(await api.POST("/api/requests/{id}/transitions/", { params: { path: { id: request } }, body }));
  });
}

/** Send the photo on to the API and return its id there. */
async function upload({ api }: Member, photo: File): Promise<string> {
  return unwrap(await api.POST("/api/files/", { body: { file: photo } })).id;
}

function photoOf(form: FormData): File | null {
  const photo = form.get("photo");
  return photo instanceof File && photo.size > 0 ? photo : null;
}

async function tooLarge(): Promise<FormState> {
  const { t } = await speak();
  const detail = t("photo.tooLarge");
  return { problem: { detail, errors: { photo: [detail] } } };
}

function oneOf<K extends NonNullable<ServiceRequest["category" | "priority" | "status"]>>(words: Record<K, unknown>, said: string, otherwise: K): K {
  return said in words ? (said as K) : otherwise;
}
