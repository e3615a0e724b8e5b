import { idempotencyKey, pages } from "@newconcierge/client";
import type { Metadata } from "next";
import { notFound } from "next/navigation";

import { ActionForm, Field, Select } from "@/components/form";
import { LANGUAGES } from "@/i18n";
import { day } from "@/lib/format";
import { ROLE, type Role } from "@/lib/words";
import { speak } from "@/server/language";
import { firstRows } from "@/server/lists";
import { enter, hostOf } from "@/server/workspace";

import { invite, revokeInvitation, sendInvitationAgain } from "./actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.people") };
}

export default async function People({ params }: { params: Promise<{ host: string }> }) {
  const host = await hostOf(params);
  const [{ api, read, runs, owns }, { t, language }] = await Promise.all([enter(host), speak()]);
  if (!runs) notFound();
  const [members, invitations] = await Promise.all([
    read(firstRows(pages(api, "/api/members/"), 500)),
    read(firstRows(pages(api, "/api/invitations/", { params: { query: { state: "open" } } }), 200)),
  ]);
  // People invite below themselves only.
  const roles: Role[] = owns ? ["resident", "staff", "manager", "owner"] : ["resident", "staff"];
  return (
    <div className="stack">
      <h1>{t("nav.people")}</h1>
      <div className="halves wide-left">
        <section className="card">
          <h2>{t("people.members")}</h2>
          <ul className="list">
            {members.rows.map((each) => (
              <li key={each.id}>
                <span><strong>{`${each.first_name} ${each.last_name}`.trim() || each.email}</strong><br /><span className="muted small">{each.email}</span></span>
                <span className="badge">{t(ROLE[each.role])}</span>
              </li>
            ))}
          </ul>
        </section>
        <section className="card">
          <h2>{t("people.invite")}</h2>
          <ActionForm action={invite.bind(null, host)} submit={t("people.invite.submit")} attempt={idempotencyKey()} done={t("people.invite.done")}>
            <Field name="email" type="email" label={t("person.email")} required />
            <div className="pair">
              <Field name="first_name" label={t("person.firstName")} />
              <Field name="last_name" label={t("person.lastName")} />
            </div>
            <div className="pair">
              <Select name="role" label={t("person.role")} options={roles.map((each) => [each, t(ROLE[each])])} />
              <Select name="language" label={t("layout.language")} options={Object.entries(LANGUAGES)} defaultValue={language} />
            </div>
          </ActionForm>
        </section>
      </div>
      {invitations.rows.length > 0 && (
        <section className="card">
          <h2>{t("people.open")}</h2>
          <ul className="list">
            {invitations.rows.map((each) => (
              <li key={each.id}>
                <span><strong>{each.email}</strong><br /><span className="muted small">{t(ROLE[each.role])} · {t("people.until", { date: day(each.expires_at, language) })}</span></span>
                <span className="row">
                  <ActionForm action={sendInvitationAgain.bind(null, host, each.id)} submit={t("people.resend")} look="quiet" done={t("people.invite.done")} />
                  <ActionForm action={revokeInvitation.bind(null, host, each.id)} submit={t("people.revoke")} look="quiet" />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
