import { day, money } from "@/lib/format";
import type { Invoice } from "@/lib/words";
import { workspacePath } from "@/lib/workspace-host";
import { speak } from "@/server/language";

import styles from "./subscription.module.css";

type Tax = Invoice["taxes"][number];
type CreditNote = Invoice["credit_notes"][number];

/** Every invoice with its tax, its buyer, what went back, and documents by links that are asked for when clicked. */
export async function Invoices({ host, rows }: { host: string; rows: Invoice[] }) {
  const { t } = await speak();
  return (
    <section className="card">
      <h2>{t("invoice.many")}</h2>
      {rows.length === 0 ? <p className="muted">{t("invoice.none")}</p> : (
        <ul className={styles.invoices}>{rows.map((each) => <InvoiceRow key={each.id} host={host} invoice={each} />)}</ul>
      )}
    </section>
  );
}

async function InvoiceRow({ host, invoice }: { host: string; invoice: Invoice }) {
  const { language } = await speak();
  const { id, number, created_at, hosted_url, pdf_url, credit_notes } = invoice;
  const shown = number || id;
  return (
    <li className={styles.invoice}>
      <div className={styles.head}>
        <span>
          {hosted_url ? <a href={documentPath(host, id, "page")}>{shown}</a> : shown}
          <span className="under">
            {created_at && day(created_at, language)}
            {pdf_url && <>{" · "}<a href={documentPath(host, id, "pdf")} aria-label={`PDF ${shown}`}>PDF</a></>}
          </span>
        </span>
        <Standing invoice={invoice} />
        <strong className="number">{money(invoice.amount_due ?? 0, invoice.currency ?? "eur", language)}</strong>
      </div>
      <About invoice={invoice} />
      {credit_notes.map((each) => <Credited key={each.id} host={host} invoice={id} note={each} />)}
    </li>
  );
}

/** Return the address of ours that leads on to a document: Stripe's own links end after a while. */
export function documentPath(host: string, invoice: string, what: string): string {
  return workspacePath(host, `subscription/invoices/${invoice}/${what}`);
}

async function About({ invoice }: { invoice: Invoice }) {
  const { t, language } = await speak();
  const currency = invoice.currency ?? "eur";
  const charged = (tax: Tax) => t(tax.included ? "invoice.taxIn" : "invoice.taxAdded", { rate: tax.rate ?? "", amount: money(tax.amount, currency, language) });
  const told = [
    ...invoice.taxes.filter((tax) => tax.amount).map(charged),
    ...(invoice.reverse_charge ? [t("invoice.reverseCharge")] : []),
    ...(invoice.buyer.tax_id ? [t("invoice.taxId", { number: invoice.buyer.tax_id })] : []),
    ...(invoice.amount_refunded ? [t("invoice.wentBack", { amount: money(invoice.amount_refunded, currency, language) })] : []),
    ...(invoice.mark ? [`MARK ${invoice.mark}`] : []),
  ];
  return told.length === 0 ? null : <ul className={styles.about}>{told.map((each) => <li key={each}>{each}</li>)}</ul>;
}

async function Credited({ host, invoice, note }: { host: string; invoice: string; note: CreditNote }) {
  const { t, language } = await speak();
  const facts = { number: note.number ?? note.id, date: note.issued_at ? day(note.issued_at, language) : "", amount: money(note.total ?? 0, note.currency ?? "eur", language) };
  return (
    <p className={styles.credit}>
      {t("invoice.creditNote", facts)}
      {note.status === "void" && ` (${t("invoice.void")})`}
      {note.pdf_url && <>{" "}<a href={documentPath(host, invoice, note.id)} aria-label={`PDF ${facts.number}`}>PDF</a></>}
    </p>
  );
}

async function Standing({ invoice }: { invoice: Invoice }) {
  const { t } = await speak();
  const { status, amount_refunded: back, amount_paid: paid } = invoice;
  if (back) return <span className="badge">{t(back >= (paid ?? 0) ? "invoice.refunded" : "invoice.partlyRefunded")}</span>;
  if (status === "paid") return <span className="badge good">{t("invoice.paid")}</span>;
  if (status === "open") return <span className="badge warm">{t("invoice.open")}</span>;
  return <span className="badge">{t(status === "void" ? "invoice.void" : "invoice.other")}</span>;
}
