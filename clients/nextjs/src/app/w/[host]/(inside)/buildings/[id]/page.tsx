import { idempotencyKey, pages, unwrap } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { Disclosure } from "@/components/disclosure";
import { ActionForm, Field } from "@/components/form";
import { money, month, number } from "@/lib/format";
import { type Apartment, type Balance, type Building, type Period, PERIOD_STATUS } from "@/lib/words";
import { currencyHere } from "@/server/currency";
import { speak } from "@/server/language";
import { firstRows, ifAllowed } from "@/server/lists";
import { enter, hostOf, numberOf } from "@/server/workspace";

import { addApartment, beginMonth } from "../actions";

interface Props {
  params: Promise<{ host: string; id: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("building.one") };
}

export default async function BuildingPage({ params }: Props) {
  const [host, id, { t, language }] = await Promise.all([hostOf(params), numberOf(params), speak()]);
  const { api, read, path, runs } = await enter(host);
  const query = { building: id };
  const [building, apartments, periods, balances] = await Promise.all([
    read(api.GET("/api/buildings/{id}/", { params: { path: { id } } }).then(unwrap)),
    read(firstRows(pages(api, "/api/apartments/", { params: { query } }), 1000)),
    read(firstRows(pages(api, "/api/periods/", { params: { query: { ...query, ordering: "-month" } } }), 24)),
    read(ifAllowed(firstRows(pages(api, "/api/balances/", { params: { query } }), 2000))),
  ]);
  return (
    <div className="stack">
      <header>
        <p className="small"><Link href={path("buildings")}>{t("nav.buildings")}</Link></p>
        <h1>{building.name}</h1>
        <p className="muted">{building.address}</p>
        <p className="row">
          <span className="badge">{t("building.apartments", { number: number(building.apartment_count, language) })}</span>
          <span className={`badge ${building.mills_sum === 1000 ? "good" : "warm"}`}>{t("building.mills", { number: number(building.mills_sum, language) })}</span>
        </p>
      </header>
      <Apartments rows={apartments.rows.sort(byNumber)} balances={balances?.rows ?? null} />
      <div className="halves">
        <Months rows={periods.rows} path={path} />
        {runs && <NewMonth host={host} building={building} />}
      </div>
      {runs && <NewApartment host={host} building={building} open={apartments.rows.length === 0} />}
    </div>
  );
}

function byNumber(one: Apartment, other: Apartment): number {
  return one.number.localeCompare(other.number, undefined, { numeric: true });
}

async function Apartments({ rows, balances }: { rows: Apartment[]; balances: Balance[] | null }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  const owed = (apartment: Apartment) =>
    (balances ?? []).filter((each) => each.apartment === apartment.id).reduce((sum, each) => sum + each.balance, 0);
  return (
    <section className="card">
      <div className="card-head"><h2>{t("apartment.many")}</h2></div>
      {rows.length === 0 ? <p className="muted">{t("apartment.none")}</p> : (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("apartment.one")}</th>
                <th scope="col" className="right">{t("apartment.mills")}</th>
                {balances && <th scope="col" className="right">{t("balance.one")}</th>}
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.id}>
                  <th scope="row">
                    {each.number}
                    <span className="under">{[each.owner_name, each.tenant_name].filter(Boolean).join(" · ")}</span>
                  </th>
                  <td className="right number">{number(each.mills ?? 0, language)}</td>
                  {balances && <td className="right number">{money(owed(each), currency, language)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

async function Months({ rows, path }: { rows: Period[]; path: (page: string) => string }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  return (
    <section className="card">
      <div className="card-head"><h2>{t("dashboard.months")}</h2></div>
      {rows.length === 0 && <p className="muted">{t("building.noMonth")}</p>}
      <ul className="list">
        {rows.map((each) => (
          <li key={each.id}>
            <Link href={path(`months/${each.id}`)}>{month(each.month, language)}</Link>
            <span className="row">
              <span className="number">{money(each.expense_total, currency, language)}</span>
              <span className={`badge ${each.status === "draft" ? "warm" : "good"}`}>{t(PERIOD_STATUS[each.status])}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

async function NewMonth({ host, building }: { host: string; building: Building }) {
  const { t } = await speak();
  return (
    <section className="card">
      <h2>{t("building.beginMonth")}</h2>
      <ActionForm action={beginMonth.bind(null, host, building.id)} submit={t("building.beginMonth")} attempt={idempotencyKey()}>
        <Field name="month" type="month" label={t("month.one")} defaultValue={new Date().toISOString().slice(0, 7)} placeholder="2026-11" pattern="\d{4}-\d{2}" required />
      </ActionForm>
    </section>
  );
}

async function NewApartment({ host, building, open }: { host: string; building: Building; open: boolean }) {
  const { t } = await speak();
  return (
    <Disclosure className="card" open={open} summary={t("apartment.add")}>
      <ActionForm action={addApartment.bind(null, host, building.id)} submit={t("apartment.add")} attempt={idempotencyKey()} done={t("apartment.added")}>
        <div className="pair">
          <Field name="number" label={t("apartment.number")} maxLength={20} required />
          <Field name="floor" type="number" label={t("apartment.floor")} min={-5} max={80} />
          <Field name="mills" type="number" label={t("apartment.mills")} hint={t("apartment.mills.hint")} min={0} max={1000} required />
        </div>
        <div className="pair">
          <Field name="owner_name" label={t("apartment.ownerName")} />
          <Field name="owner_email" type="email" label={t("apartment.ownerEmail")} />
          <Field name="tenant_name" label={t("apartment.tenantName")} />
          <Field name="tenant_email" type="email" label={t("apartment.tenantEmail")} />
        </div>
      </ActionForm>
    </Disclosure>
  );
}
