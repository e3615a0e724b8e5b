import { idempotencyKey, pages } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { ActionForm, Field, Select, TextArea } from "@/components/form";
import { PhotoField } from "@/components/photo-field";
import { choices, PRIORITY, REQUEST_CATEGORY } from "@/lib/words";
import { speak } from "@/server/language";
import { firstRows } from "@/server/lists";
import { enter, hostOf } from "@/server/workspace";

import { openRequest } from "../actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("requests.new") };
}

export default async function NewRequest({ params }: { params: Promise<{ host: string }> }) {
  const host = await hostOf(params);
  const [{ api, read, path }, { t }] = await Promise.all([enter(host), speak()]);
  const { rows } = await read(firstRows(pages(api, "/api/buildings/"), 200));
  return (
    <div className="stack">
      <header>
        <p className="small"><Link href={path("requests")}>{t("nav.requests")}</Link></p>
        <h1>{t("requests.new")}</h1>
      </header>
      {rows.length === 0 ? <div className="empty"><p>{t("buildings.none")}</p></div> : (
        <section className="card">
          <ActionForm action={openRequest.bind(null, host)} submit={t("requests.send")} attempt={idempotencyKey()}>
            <Select name="building" label={t("building.one")} options={rows.map((each) => [String(each.id), each.name])} />
            <Field name="title" label={t("requests.title")} maxLength={120} required />
            <TextArea name="description" label={t("requests.description")} />
            <div className="pair">
              <Select name="category" label={t("requests.category")} options={choices(REQUEST_CATEGORY, t)} defaultValue="other" />
              <Select name="priority" label={t("requests.priority")} options={choices(PRIORITY, t)} defaultValue="normal" />
            </div>
            <PhotoField />
          </ActionForm>
        </section>
      )}
    </div>
  );
}
