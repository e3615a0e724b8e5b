import { idempotencyKey, pages, unwrap } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { ActionForm, Field, Select } from "@/components/form";
import { day, money, month } from "@/lib/format";
import { choices, type Charge, type Expense, EXPENSE_CATEGORY, PARTY, type Period, PERIOD_STATUS } from "@/lib/words";
import { currencyHere } from "@/server/currency";
import { speak } from "@/server/language";
import { firstRows, ifAllowed } from "@/server/lists";
import { enter, hostOf, type Member, numberOf } from "@/server/workspace";

import { addExpense, issueMonth } from "../actions";

interface Props {
  params: Promise<{ host: string; id: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("month.one") };
}

export default async function MonthPage({ params }: Props) {
  const [host, id, { t, language }] = await Promise.all([hostOf(params), numberOf(params), speak()]);
  const member = await enter(host);
  const { api, read, path, runs } = member;
  const period = await read(api.GET("/api/periods/{id}/", { params: { path: { id } } }).then(unwrap));
  const [building, expenses, charges] = await Promise.all([
    read(api.GET("/api/buildings/{id}/", { params: { path: { id: period.building } } }).then(unwrap)),
    read(firstRows(pages(api, "/api/expenses/", { params: { query: { period: id } } }), 500)),
    read(ifAllowed(firstRows(pages(api, "/api/charges/", { params: { query: { period: id } } }), 2000))),
  ]);
  const draft = period.status === "draft";
  return (
    <div className="stack">
      <header>
        <p className="small"><Link href={path(`buildings/${building.id}`)}>{building.name}</Link></p>
        <div className="row">
          <h1>{month(period.month, language)}</h1>
          <span className={`badge ${draft ? "warm" : "good"}`}>{t(PERIOD_STATUS[period.status])}</span>
        </div>
        {period.issued_at && <p className="muted">{t("month.issuedOn", { date: day(period.issued_at, language) })}</p>}
      </header>
      <Expenses rows={expenses.rows} total={period.expense_total} />
      {draft && runs && <NewExpense host={host} period={period} />}
      {draft && runs && <Preview member={member} period={period} />}
      {!draft && charges && <Charges rows={charges.rows} />}
    </div>
  );
}

async function Expenses({ rows, total }: { rows: Expense[]; total: number }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  return (
    <section className="card">
      <div className="card-head"><h2>{t("expense.many")}</h2></div>
      {rows.length === 0 ? <p className="muted">{t("expense.none")}</p> : (
        <div className="table">
          <table>
            <thead>
              <tr><th scope="col">{t("expense.category")}</th><th scope="col" className="right">{t("expense.amount")}</th></tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.id}>
                  <th scope="row">
                    {t(EXPENSE_CATEGORY[each.category])}
                    <span className="under">{[each.description, day(each.spent_on, language)].filter(Boolean).join(" · ")}</span>
                  </th>
                  <td className="right number">{money(each.amount, currency, language)}</td>
                </tr>
              ))}
            </tbody>
            <tfoot><tr><th scope="row">{t("month.total")}</th><td className="right number">{money(total, currency, language)}</td></tr></tfoot>
          </table>
        </div>
      )}
    </section>
  );
}

async function NewExpense({ host, period }: { host: string; period: Period }) {
  const [{ t }, currency] = await Promise.all([speak(), currencyHere()]);
  return (
    <section className="card">
      <h2>{t("expense.add")}</h2>
      <ActionForm action={addExpense.bind(null, host, period.id)} submit={t("expense.add")} attempt={idempotencyKey()} done={t("expense.added")}>
        <div className="pair">
          <Select name="category" label={t("expense.category")} options={choices(EXPENSE_CATEGORY, t)} />
          <Field name="amount" label={t("expense.amount")} inputMode="decimal" suffix={currency} required />
          <Field name="spent_on" type="date" label={t("expense.spentOn")} defaultValue={period.month} required />
          <Field name="description" label={t("expense.description")} maxLength={200} />
        </div>
      </ActionForm>
    </section>
  );
}

/** What each apartment would pay, and the button that makes it so. */
async function Preview({ member, period }: { member: Member; period: Period }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  const { api, read, host } = member;
  const preview = await read(api.GET("/api/periods/{id}/preview/", { params: { path: { id: period.id } } }).then(unwrap));
  return (
    <section className="card">
      <div className="card-head"><h2>{t("month.preview")}</h2></div>
      {preview.apartments.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr><th scope="col">{t("apartment.one")}</th><th scope="col" className="right">{t("apartment.mills")}</th><th scope="col" className="right">{t("month.total")}</th></tr>
            </thead>
            <tbody>
              {preview.apartments.map((each) => (
                <tr key={each.apartment}>
                  <th scope="row">{each.number}</th>
                  <td className="right number">{each.mills}</td>
                  <td className="right number">{money(each.total, currency, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {preview.problem && <p className="notice warning">{preview.problem}</p>}
      {preview.issuable && (
        <>
          <p className="muted">{t("month.issue.lead")}</p>
          <ActionForm action={issueMonth.bind(null, host, period.id)} submit={t("month.issue", { month: month(period.month, language) })} />
        </>
      )}
    </section>
  );
}

async function Charges({ rows }: { rows: Charge[] }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  return (
    <section className="card">
      <div className="card-head"><h2>{t("charge.many")}</h2></div>
      <div className="table">
        <table>
          <thead>
            <tr>
              <th scope="col">{t("apartment.one")}</th><th scope="col">{t("charge.party")}</th>
              <th scope="col" className="right">{t("expense.amount")}</th><th scope="col" className="right">{t("charge.open")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((each) => (
              <tr key={each.id}>
                <th scope="row">{each.apartment_number}</th>
                <td>{t(PARTY[each.party])}</td>
                <td className="right number">{money(each.amount, currency, language)}</td>
                <td className="right number">{money(each.open, currency, language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
