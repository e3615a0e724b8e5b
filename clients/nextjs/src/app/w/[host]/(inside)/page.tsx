import { pages } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { ActionForm } from "@/components/form";
import { day, money, month } from "@/lib/format";
import { PERIOD_STATUS, REQUEST_STATUS } from "@/lib/words";
import { currencyHere } from "@/server/currency";
import { speak } from "@/server/language";
import { firstRows, ifAllowed } from "@/server/lists";
import { enter, hostOf } from "@/server/workspace";

import { addSample } from "./buildings/actions";
import styles from "./home.module.css";
import { PastDue } from "./past-due";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.home") };
}

export default async function Dashboard({ params }: { params: Promise<{ host: string }> }) {
  const host = await hostOf(params);
  const [member, { t }] = await Promise.all([enter(host), speak()]);
  const { api, read } = member;
  const [buildings, periods, requests, owing] = await Promise.all([
    read(firstRows(pages(api, "/api/buildings/"), 200)),
    read(firstRows(pages(api, "/api/periods/", { params: { query: { ordering: "-month" } } }), 8)),
    read(firstRows(pages(api, "/api/requests/", { params: { query: { under_way: true } } }), 100)),
    read(ifAllowed(firstRows(pages(api, "/api/balances/", { params: { query: { owing: true } } }), 500))),
  ]);
  const name = member.me.first_name;
  return (
    <div className="stack">
      <header>
        <h1>{name ? t("dashboard.hello", { name }) : t("dashboard.helloAll")}</h1>
        <p className="muted">{t("dashboard.lead", { organization: member.me.organization })}</p>
      </header>
      {member.owns && <PastDue host={host} />}
      {buildings.rows.length === 0 ? <Beginning host={host} owns={member.owns} runs={member.runs} /> : null}
      <Figures
        figures={[
          [t("dashboard.buildings"), shown(buildings)],
          [t("dashboard.apartments"), String(buildings.rows.reduce((sum, each) => sum + each.apartment_count, 0))],
          [t("dashboard.requests"), shown(requests)],
          ...(owing ? [[t(member.runs ? "dashboard.owed" : "dashboard.youOwe"), await owed(owing.rows)] as const] : []),
        ]}
      />
      <div className="halves">
        <Months rows={periods.rows} buildings={buildings.rows} path={member.path} />
        <Requests rows={requests.rows.slice(0, 6)} path={member.path} />
      </div>
      {owing && owing.rows.length > 0 && <Owing rows={owing.rows} buildings={buildings.rows} path={member.path} />}
    </div>
  );
}

type Path = (page: string) => string;
type Named = { id: number; name: string };

async function owed(rows: { balance: number }[]): Promise<string> {
  const [{ language }, currency] = await Promise.all([speak(), currencyHere()]);
  return money(rows.reduce((sum, each) => sum + each.balance, 0), currency, language);
}

function shown({ rows, more }: { rows: unknown[]; more: boolean }): string {
  return `${rows.length}${more ? "+" : ""}`;
}

function nameOf(buildings: Named[], id: number): string {
  return buildings.find((each) => each.id === id)?.name ?? "";
}

async function Beginning({ host, owns, runs }: { host: string; owns: boolean; runs: boolean }) {
  const { t } = await speak();
  if (!runs) return <div className="empty"><p>{t("dashboard.nothingYours")}</p></div>;
  return (
    <section className={`card ${styles.beginning}`}>
      <h2>{t("dashboard.begin")}</h2>
      <p className="muted">{t("dashboard.begin.lead")}</p>
      <div className="row">
        <Link className="button" href={`/w/${host}/buildings`}>{t("buildings.add")}</Link>
        {owns && <ActionForm action={addSample.bind(null, host)} submit={t("dashboard.sample")} look="button second" done={t("dashboard.sample.done")} />}
      </div>
    </section>
  );
}

function Figures({ figures }: { figures: (readonly [label: string, value: string])[] }) {
  return (
    <dl className={styles.figures}>
      {figures.map(([label, value]) => (
        <div key={label} className="card"><dt>{label}</dt><dd>{value}</dd></div>
      ))}
    </dl>
  );
}

async function Months({ rows, buildings, path }: { rows: { id: number; building: number; month: string; status: keyof typeof PERIOD_STATUS; expense_total: number }[]; buildings: Named[]; path: Path }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  return (
    <section className="card">
      <div className="card-head"><h2>{t("dashboard.months")}</h2></div>
      {rows.length === 0 && <p className="muted">{t("building.noMonth")}</p>}
      <ul className="list">
        {rows.map((each) => (
          <li key={each.id}>
            <span>
              <Link href={path(`months/${each.id}`)}>{month(each.month, language)}</Link>
              <span className="muted small"> · {nameOf(buildings, each.building)}</span>
            </span>
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

async function Requests({ rows, path }: { rows: { id: number; title: string; status: keyof typeof REQUEST_STATUS; created_at: string }[]; path: Path }) {
  const { t, language } = await speak();
  return (
    <section className="card">
      <div className="card-head"><h2>{t("dashboard.openRequests")}</h2><Link href={path("requests/new")}>{t("requests.new")}</Link></div>
      {rows.length === 0 && <p className="muted">{t("requests.none")}</p>}
      <ul className="list">
        {rows.map((each) => (
          <li key={each.id}>
            <span><Link href={path(`requests/${each.id}`)}>{each.title}</Link><span className="muted small"> · {day(each.created_at, language)}</span></span>
            <span className="badge">{t(REQUEST_STATUS[each.status])}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

async function Owing({ rows, buildings, path }: { rows: { id: number; apartment_number: string; building: number; balance: number }[]; buildings: Named[]; path: Path }) {
  const [{ t, language }, currency] = await Promise.all([speak(), currencyHere()]);
  const most = [...rows].sort((one, other) => other.balance - one.balance).slice(0, 8);
  return (
    <section className="card">
      <div className="card-head"><h2>{t("dashboard.balances")}</h2></div>
      <div className="table">
        <table>
          <thead><tr><th scope="col">{t("apartment.one")}</th><th scope="col">{t("building.one")}</th><th scope="col" className="right">{t("balance.one")}</th></tr></thead>
          <tbody>
            {most.map((each) => (
              <tr key={each.id}>
                <th scope="row">{each.apartment_number}</th>
                <td><Link href={path(`buildings/${each.building}`)}>{nameOf(buildings, each.building)}</Link></td>
                <td className="right number">{money(each.balance, currency, language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
