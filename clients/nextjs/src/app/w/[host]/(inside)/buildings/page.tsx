import { idempotencyKey, pages } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { Disclosure } from "@/components/disclosure";
import { ActionForm, Field, TextArea } from "@/components/form";
import { number } from "@/lib/format";
import { speak } from "@/server/language";
import { firstRows } from "@/server/lists";
import { enter, hostOf } from "@/server/workspace";

import { addBuilding } from "./actions";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.buildings") };
}

export default async function Buildings({ params }: { params: Promise<{ host: string }> }) {
  const host = await hostOf(params);
  const [{ api, read, path, runs }, { t, language }] = await Promise.all([enter(host), speak()]);
  const { rows, more } = await read(firstRows(pages(api, "/api/buildings/"), 200));
  return (
    <div className="stack">
      <h1>{t("nav.buildings")}</h1>
      {rows.length === 0 && <div className="empty"><p>{t("buildings.none")}</p></div>}
      <ul className="cards">
        {rows.map((each) => (
          <li key={each.id}>
            <Link className="card" href={path(`buildings/${each.id}`)}>
              <h2>{each.name}</h2>
              <p className="muted">{each.address}</p>
              <p className="row">
                <span className="badge">{t("building.apartments", { number: number(each.apartment_count, language) })}</span>
                {each.mills_sum !== 1000 && <span className="badge warm">{t("building.mills", { number: number(each.mills_sum, language) })}</span>}
              </p>
            </Link>
          </li>
        ))}
      </ul>
      {more && <p className="muted">{t("list.more")}</p>}
      {runs && (
        <Disclosure className="card" open={rows.length === 0} summary={t("buildings.add")}>
          <ActionForm action={addBuilding.bind(null, host)} submit={t("buildings.add")} attempt={idempotencyKey()}>
            <div className="pair">
              <Field name="name" label={t("building.name")} maxLength={120} required />
              <Field name="address" label={t("building.address")} maxLength={255} required />
            </div>
            <TextArea name="notes" label={t("building.notes")} rows={2} />
          </ActionForm>
        </Disclosure>
      )}
    </div>
  );
}
