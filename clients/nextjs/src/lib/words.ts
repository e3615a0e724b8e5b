import type { TenantPaths } from "@newconcierge/client";

import type { Key } from "@/i18n";

type Ok<P extends keyof TenantPaths> = TenantPaths[P] extends { get: { responses: { 200: { content: { "application/json": infer T } } } } } ? T : never;
type Row<P extends keyof TenantPaths> = Ok<P> extends { results: (infer R)[] } ? R : never;

export type Role = Row<"/api/members/">["role"];
export type Building = Row<"/api/buildings/">;
export type Apartment = Row<"/api/apartments/">;
export type Balance = Row<"/api/balances/">;
export type Period = Row<"/api/periods/">;
export type Expense = Row<"/api/expenses/">;
export type Charge = Row<"/api/charges/">;
export type ServiceRequest = Row<"/api/requests/">;
export type Subscription = Ok<"/api/subscription/">;
export type Invoice = Row<"/api/invoices/">;

export const ROLE: Record<Role, Key> = {
  owner: "role.owner", manager: "role.manager", staff: "role.staff", resident: "role.resident",
};
export const PARTY: Record<Balance["party"], Key> = { owner: "party.owner", tenant: "party.tenant" };
export const PERIOD_STATUS: Record<Period["status"], Key> = {
  draft: "period.draft", issued: "period.issued", closed: "period.closed",
};
export const REQUEST_STATUS: Record<ServiceRequest["status"], Key> = {
  open: "request.open", in_progress: "request.in_progress", waiting: "request.waiting", resolved: "request.resolved",
  closed: "request.closed", rejected: "request.rejected", withdrawn: "request.withdrawn",
};
export const REQUEST_CATEGORY: Record<NonNullable<ServiceRequest["category"]>, Key> = {
  plumbing: "category.plumbing", electrical: "category.electrical", heating: "category.heating", lift: "category.lift",
  cleaning: "category.cleaning", noise: "category.noise", safety: "category.safety", accounts: "category.accounts", other: "category.other",
};
export const PRIORITY: Record<NonNullable<ServiceRequest["priority"]>, Key> = {
  low: "priority.low", normal: "priority.normal", high: "priority.high", urgent: "priority.urgent",
};
export const EXPENSE_CATEGORY: Record<Expense["category"], Key> = {
  cleaning: "expense.cleaning", electricity: "expense.electricity", water: "expense.water", heating: "expense.heating",
  lift: "expense.lift", maintenance: "expense.maintenance", insurance: "expense.insurance", management: "expense.management",
  reserve: "expense.reserve", other: "expense.other",
};

/** The choices of a table of words, as a select wants them. */
export function choices<K extends string>(words: Record<K, Key>, t: (key: Key) => string): [K, string][] {
  return (Object.entries(words) as [K, Key][]).map(([value, key]) => [value, t(key)]);
}
