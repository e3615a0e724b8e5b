import type { PublicPaths } from "@newconcierge/client";

export type Plan = PublicPaths["/api/billing/plans/"]["get"]["responses"][200]["content"]["application/json"][number];
export type Interval = Plan["prices"][number]["interval"];

export function priceOf(plan: Plan, interval: Interval): Plan["prices"][number] | undefined {
  return plan.prices.find((each) => each.interval === interval);
}
