import { pages } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { day } from "@/lib/format";
import { REQUEST_CATEGORY, REQUEST_STATUS } from "@/lib/words";
import { speak } from "@/server/language";
import { firstRows } from "@/server/lists";
import { enter, hostOf } from "@/server/workspace";

interface Props {
  params: Promise<{ host: string }>;
  searchParams: Promise<{ all?: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("nav.requests") };
}

export default async function Requests({ params, searchParams }: Props) {
  const [host, { all }, { t, language }] = await Promise.all([hostOf(params), searchParams, speak()]);
  const { api, read, path } = await enter(host);
  const query = all ? {} : { under_way: true };
  const [{ rows, more }, buildings] = await Promise.all([
    read(firstRows(pages(api, "/api/requests/", { params: { query } }), 100)),
    read(firstRows(pages(api, "/api/buildings/"), 200)),
  ]);
  const names = new Map(buildings.rows.map(({ id, name }) => [id, name]));
  return (
    <div className="stack">
      <header className="row spread">
        <h1>{t("nav.requests")}</h1>
        <Link className="button" href={path("requests/new")}>{t("requests.new")}</Link>
      </header>
      <nav className="row" aria-label={t("requests.filter")}>
        <Link className="quiet" href={path("requests")} aria-current={all ? undefined : "page"}>{t("requests.underWay")}</Link>
        <Link className="quiet" href={`${path("requests")}?all=1`} aria-current={all ? "page" : undefined}>{t("requests.all")}</Link>
      </nav>
      {rows.length === 0 ? <div className="empty"><p>{t("requests.none")}</p></div> : (
        <section className="card">
          <ul className="list">
            {rows.map((each) => (
              <li key={each.id}>
                <span>
                  <Link href={path(`requests/${each.id}`)}>{each.title}</Link>
                  <span className="muted small">
                    <br />{[names.get(each.building), t(REQUEST_CATEGORY[each.category ?? "other"]), day(each.created_at, language)].filter(Boolean).join(" · ")}
                  </span>
                </span>
                <span className="row">
                  {each.priority === "urgent" && <span className="badge bad">{t("priority.urgent")}</span>}
                  <span className="badge">{t(REQUEST_STATUS[each.status])}</span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {more && <p className="muted">{t("list.more")}</p>}
    </div>
  );
}
