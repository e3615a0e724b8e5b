/**
 * From the plans to the owner's first request, as the site does it. Run by the tests against a real system:
 *
 *     node dist/example/purchase.js <API address> <mock Stripe's address> <base domain>
 *
 * Prints one line of JSON per step. The password key, which a person takes from the mail, is read from stdin.
 */
import { createInterface } from "node:readline/promises";

import { idempotencyKey, inMemory, publicApi, unwrap, workspace } from "@newconcierge/client";

const [baseUrl = "", stripe = "", subdomain = "", email = ""] = process.argv.slice(2);
const PASSWORD = "a-quiet-courtyard-42";
const say = (step: string, more: object = {}) => console.log(JSON.stringify({ step, ...more }));

const shop = publicApi({ baseUrl });
const plans = unwrap(await shop.GET("/api/billing/plans/"));
say("plans", { codes: plans.map((plan) => plan.code) });

const started = unwrap(
  await shop.POST("/api/billing/checkout/", {
    headers: { "Idempotency-Key": idempotencyKey() },
    body: {
      organization: "Typed Court", subdomain, email, first_name: "Eleni", last_name: "Papadaki",
      plan: plans[0]?.code ?? "", interval: "month",
    },
  }),
);
say("checkout", { session: started.session_id });

// The buyer pays at Stripe; the mock's control stands for the click.
await fetch(`${stripe}/_control/sessions/${started.session_id}/complete`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ outcome: "paid" }),
});

let progress = unwrap(await shop.GET("/api/billing/checkout/{session_id}/", { params: { path: { session_id: started.session_id } } }));
for (let tries = 0; progress.status !== "ready" && tries < 200; tries += 1) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  progress = unwrap(await shop.GET("/api/billing/checkout/{session_id}/", { params: { path: { session_id: started.session_id } } }));
}
const tenantHost = new URL(progress.workspace_url ?? "").host;
say("ready", { host: tenantHost });

const input = createInterface({ input: process.stdin });
const key = await input.question("");
input.close();

const tokens = inMemory();
let renewals = 0;
const { api, session } = workspace({
  baseUrl, tenantHost, tokens,
  onSignedOut: async (ended) => {
    renewals += 1;
    return (await ended.signIn({ email, password: PASSWORD })).state === "signed-in";
  },
});
await session.setPassword(key, PASSWORD);
await session.signIn({ email, password: PASSWORD });
say("me", { role: unwrap(await api.GET("/api/me/")).role });

await tokens.set("a-token-that-has-ended");
const both = await Promise.all([api.GET("/api/me/"), api.PATCH("/api/me/", { body: { first_name: "Elena" } })]);
say("renewed", { renewals, statuses: both.map((each) => each.response.status) });

await session.signOut();
const after = await publicApi({ baseUrl }).GET("/api/billing/config/");
say("signed out", { mode: unwrap(after).mode });
