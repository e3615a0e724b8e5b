import { idempotencyKey, pages, unwrap } from "@newconcierge/client";
import type { Metadata } from "next";
import Link from "next/link";

import { ActionForm, Field, Select, TextArea } from "@/components/form";
import { PhotoField } from "@/components/photo-field";
import { moment } from "@/lib/format";
import { PRIORITY, REQUEST_CATEGORY, REQUEST_STATUS, type ServiceRequest } from "@/lib/words";
import { speak } from "@/server/language";
import { firstRows } from "@/server/lists";
import { enter, hostOf, numberOf } from "@/server/workspace";

import { addPhoto, moveRequest, writeComment } from "../actions";
import styles from "./request.module.css";

interface Props {
  params: Promise<{ host: string; id: string }>;
}

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("requests.one") };
}

export default async function RequestPage({ params }: Props) {
  const [host, id, { t, language }] = await Promise.all([hostOf(params), numberOf(params), speak()]);
  const { api, read, path, me } = await enter(host);
  const at = { params: { path: { id } } };
  const [request, comments] = await Promise.all([
    read(api.GET("/api/requests/{id}/", at).then(unwrap)),
    read(firstRows(pages(api, "/api/requests/{id}/comments/", at), 200)),
  ]);
  const facts = [
    t(REQUEST_CATEGORY[request.category ?? "other"]),
    t(PRIORITY[request.priority ?? "normal"]),
    request.opened_by?.name,
    moment(request.created_at, language),
  ];
  return (
    <div className="stack">
      <header>
        <p className="small"><Link href={path("requests")}>{t("nav.requests")}</Link></p>
        <div className="row"><h1>{request.title}</h1><span className="badge">{t(REQUEST_STATUS[request.status])}</span></div>
        <p className="muted">{facts.filter(Boolean).join(" · ")}</p>
      </header>
      <div className="halves wide-left">
        <div className="stack">
          <section className="card">
            <p className={styles.text}>{request.description || t("requests.noDescription")}</p>
            <Photos request={request} path={path} />
          </section>
          <Comments host={host} request={request} rows={comments.rows} staff={me.role !== "resident"} />
        </div>
        <div className="stack">
          {request.next_statuses.length > 0 && <Move host={host} request={request} />}
          {!request.ended_at && (
            <section className="card">
              <h2>{t("photo.add")}</h2>
              <ActionForm action={addPhoto.bind(null, host, request.id)} submit={t("photo.add")} look="button second"><PhotoField required /></ActionForm>
            </section>
          )}
        </div>
      </div>
    </div>
  );
}

async function Photos({ request, path }: { request: ServiceRequest; path: (page: string) => string }) {
  if (request.attachments.length === 0) return null;
  return (
    <ul className={styles.photos}>
      {request.attachments.map(({ id, name, kind }) => {
        const href = path(`requests/${request.id}/photos/${id}`);
        return (
          <li key={id}>
            <a href={href}>{kind.startsWith("image/") ? <img src={href} alt={name} loading="lazy" /> : name}</a>
          </li>
        );
      })}
    </ul>
  );
}

type Comment = { id: number; at: string; author: { name: string } | null; body: string; internal?: boolean };

async function Comments({ host, request, rows, staff }: { host: string; request: ServiceRequest; rows: Comment[]; staff: boolean }) {
  const { t, language } = await speak();
  return (
    <section className="card">
      <h2>{t("comment.many")}</h2>
      {rows.length === 0 && <p className="muted">{t("comment.none")}</p>}
      <ol className={styles.comments}>
        {rows.map((each) => (
          <li key={each.id}>
            <p className="small muted">{[each.author?.name, moment(each.at, language)].filter(Boolean).join(" · ")}{" "}
              {each.internal && <span className="badge warm">{t("comment.internal")}</span>}
            </p>
            <p className={styles.text}>{each.body}</p>
          </li>
        ))}
      </ol>
      <ActionForm action={writeComment.bind(null, host, request.id)} submit={t("comment.send")} attempt={idempotencyKey()} look="button second">
        <TextArea name="body" label={t("comment.one")} rows={3} required />
        {staff && <label className="check"><input type="checkbox" name="internal" />{t("comment.internalOnly")}</label>}
      </ActionForm>
    </section>
  );
}

async function Move({ host, request }: { host: string; request: ServiceRequest }) {
  const { t } = await speak();
  return (
    <section className="card">
      <h2>{t("requests.move")}</h2>
      <ActionForm action={moveRequest.bind(null, host, request.id)} submit={t("requests.move.submit")}>
        <Select name="status" label={t("requests.status")} options={request.next_statuses.map((each) => [each, t(REQUEST_STATUS[each])])} />
        <Field name="note" label={t("requests.note")} maxLength={200} />
      </ActionForm>
    </section>
  );
}
