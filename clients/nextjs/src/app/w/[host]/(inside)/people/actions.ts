"use server";

import { unwrap } from "@newconcierge/client";

import { isLanguage } from "@/i18n";
import type { FormState } from "@/lib/form-state";
import { ROLE, type Role } from "@/lib/words";
import { idempotencyHeader, text } from "@/server/forms";
import { currentLanguage } from "@/server/language";
import { asMember } from "@/server/members";

export async function invite(host: string, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    const said = text(form, "language");
    const body = {
      email: text(form, "email"),
      first_name: text(form, "first_name"),
      last_name: text(form, "last_name"),
      role: role(form),
      language: isLanguage(said) ? said : await currentLanguage(),
    };
    unwrap(await api.POST("/api/invitations/", { headers: idempotencyHeader(form), body }));
  });
}

export async function sendInvitationAgain(host: string, id: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    unwrap(await api.POST("/api/invitations/{id}/resend/", { params: { path: { id } } }));
  });
}

export async function revokeInvitation(host: string, id: number, _: FormState, form: FormData): Promise<FormState> {
  return asMember(host, form, async ({ api }) => {
    unwrap(await api.POST("/api/invitations/{id}/revoke/", { params: { path: { id } } }));
  });
}

function role(form: FormData): Role {
  const said = text(form, "role");
  return said in ROLE ? (said as Role) : "resident";
}
