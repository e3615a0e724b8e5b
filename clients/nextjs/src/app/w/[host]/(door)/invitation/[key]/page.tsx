import { ApiError, unwrap } from "@newconcierge/client";
import type { Metadata } from "next";

import { Door } from "@/components/door";
import { ActionForm, Field } from "@/components/form";
import { ROLE } from "@/lib/words";
import { workspaceAt } from "@/server/api";
import { speak } from "@/server/language";
import { hostOf, keyOf } from "@/server/workspace";

import { acceptInvitation } from "../../actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("invitation.page") };
}

export default async function InvitationPage({ params }: { params: Promise<{ host: string; key: string }> }) {
  const [host, key, { t }] = await Promise.all([hostOf(params), keyOf(params), speak()]);
  const invited = await preview(host, key);
  if (!invited) return <Door title={t("invitation.over")} lead={t("invitation.over.lead")} />;
  return (
    <Door
      title={t("invitation.title", { organization: invited.organization })}
      lead={t("invitation.lead", { name: invited.invited_by, role: t(ROLE[invited.role]) })}
    >
      <ActionForm action={acceptInvitation.bind(null, host, key)} submit={t("invitation.accept")}>
        <Field name="email" type="email" label={t("person.email")} value={invited.email} autoComplete="username" readOnly required />
        <div className="pair">
          <Field name="first_name" label={t("person.firstName")} defaultValue={invited.first_name} autoComplete="given-name" required />
          <Field name="last_name" label={t("person.lastName")} defaultValue={invited.last_name} autoComplete="family-name" required />
        </div>
        <Field name="password" type="password" label={t("password.new")} hint={t("password.hint")} autoComplete="new-password" minLength={8} required />
      </ActionForm>
    </Door>
  );
}

/** What the invitation says, or null if its link no longer works. */
async function preview(host: string, key: string) {
  const { api } = await workspaceAt(host);
  return api
    .POST("/api/invitations/preview/", { body: { key } })
    .then(unwrap)
    .catch((error: unknown) => {
      if (error instanceof ApiError && [400, 404, 410].includes(error.problem.status)) return null;
      throw error;
    });
}
