import { ApiError } from "@newconcierge/client";
import type { Metadata } from "next";
import { renderSVG } from "uqr";

import { ActionForm, Field, Select } from "@/components/form";
import { LANGUAGES } from "@/i18n";
import { speak } from "@/server/language";
import { enter, hostOf, type Member } from "@/server/workspace";

import { changeEmail, changeMe, changePassword } from "./actions";
import { type Offer, SecondFactor } from "./second-factor";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.account") };
}

export default async function Account({ params }: { params: Promise<{ host: string }> }) {
  const host = await hostOf(params);
  const [member, { t }] = await Promise.all([enter(host), speak()]);
  const { me } = member;
  return (
    <div className="stack">
      <h1>{t("nav.account")}</h1>
      <div className="halves">
        <section className="card">
          <h2>{t("account.you")}</h2>
          <ActionForm action={changeMe.bind(null, host)} submit={t("account.save")} done={t("account.saved")}>
            <div className="pair">
              <Field name="first_name" label={t("person.firstName")} defaultValue={me.first_name} autoComplete="given-name" />
              <Field name="last_name" label={t("person.lastName")} defaultValue={me.last_name} autoComplete="family-name" />
            </div>
            <Select name="language" label={t("account.language")} options={Object.entries(LANGUAGES)} defaultValue={me.language} />
          </ActionForm>
        </section>
        <SecondFactor host={host} offer={await offerOf(member)} />
        <section className="card">
          <h2>{t("account.email")}</h2>
          <p className="muted">{t("account.email.lead", { email: me.email })}</p>
          <ActionForm action={changeEmail.bind(null, host)} submit={t("account.email.submit")} done={t("account.email.done")}>
            <Field name="email" type="email" label={t("account.email.new")} autoComplete="email" required />
            <Field name="password" type="password" label={t("person.password")} autoComplete="current-password" required />
          </ActionForm>
        </section>
        <section className="card">
          <h2>{t("account.password")}</h2>
          <ActionForm action={changePassword.bind(null, host)} submit={t("account.password")} done={t("account.password.done")}>
            <Field name="password" type="password" label={t("account.password.current")} autoComplete="current-password" required />
            <Field name="new_password" type="password" label={t("password.new")} autoComplete="new-password" minLength={8} required />
          </ActionForm>
        </section>
      </div>
    </div>
  );
}

/** What to scan or type while no authenticator app is set up, or why none can be now; null where one is. */
async function offerOf({ read, session }: Member): Promise<Offer | null> {
  const app = await read(
    session.secondFactor.app().catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 409) return { active: false as const, refused: error.problem.detail };
      throw error;
    }),
  );
  if (app.active) return null;
  if ("refused" in app) return app;
  const qr = `data:image/svg+xml;utf8,${encodeURIComponent(renderSVG(app.url))}`;
  return { qr, secret: app.secret.replace(/(.{4})/g, "$1 ").trim() };
}
