// A customer's life by Stripe's own library, on the account at the address that stdin names.
// Says as JSON what it saw; whatever is not as it should be ends it with an error.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import Stripe from "stripe";

const { url, key } = JSON.parse(await text(process.stdin));
const { hostname, port } = new URL(url);
const at = { host: hostname, port: Number(port), protocol: "http", maxNetworkRetries: 0, timeout: 20_000 };
const stripe = new Stripe(key, at);
const saw = { api: stripe.getApiField("version") };

async function control(path, body) {
  const answer = await fetch(`${url}/_control/${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.text());
}

async function refused(asked) {
  const error = await asked.then(() => assert.fail("was not refused"), (refusal) => refusal);
  return { type: error.type, code: error.code ?? null, status: error.statusCode };
}

// --- A webhook endpoint of our own: what is delivered to it is kept as it came.

const delivered = [];
const door = createServer(async (request, response) => {
  delivered.push({ body: await text(request), signature: request.headers["stripe-signature"] });
  response.end();
});
door.listen(0, "127.0.0.1");
await once(door, "listening");
const endpoint = await stripe.webhookEndpoints.create({
  url: `http://127.0.0.1:${door.address().port}/`,
  enabled_events: ["*"],
});

async function heard(type) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = delivered.find(({ body }) => JSON.parse(body).type === type);
    if (found) return found;
    await new Promise((later) => setTimeout(later, 50));
  }
  return assert.fail(`${type} was not delivered`);
}

// --- The shop

const product = await stripe.products.create({ name: "Professional" });
const price = (unit_amount) =>
  stripe.prices.create({
    product: product.id, unit_amount, currency: "eur", recurring: { interval: "month" },
    tax_behavior: "exclusive",
  });
const [small, large] = [await price(1900), await price(4900)];

// --- A customer buys

const customer = await stripe.customers.create({
  email: "eleni@node.example",
  name: "Sunny Court",
  tax_id_data: [{ type: "eu_vat", value: "EL094014201" }],
});
const [taxId] = (await stripe.customers.listTaxIds(customer.id)).data;
saw.taxId = [taxId.value, taxId.verification.status];
const session = await stripe.checkout.sessions.create({
  mode: "subscription",
  customer: customer.id,
  line_items: [{ price: small.id, quantity: 1 }],
  success_url: "http://shop.test/done?session={CHECKOUT_SESSION_ID}",
});
await control(`sessions/${session.id}/complete`, { outcome: "paid" });
const paid = await stripe.checkout.sessions.retrieve(session.id);
saw.session = [paid.status, paid.payment_status];
const bought = await stripe.subscriptions.retrieve(paid.subscription, {
  expand: ["latest_invoice.payments", "customer", "items.data.price.product"],
});
const [item] = bought.items.data;
saw.bought = [bought.status, bought.customer.email, item.price.product.name, bought.latest_invoice.amount_paid];

// --- Changes the plan, with a discount

const change = { items: [{ id: item.id, price: large.id }], proration_behavior: "always_invoice" };
const preview = await stripe.invoices.createPreview({ subscription: bought.id, subscription_details: change });
const coupon = await stripe.coupons.create({ percent_off: 50, duration: "once" });
const code = await stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: coupon.id } });
const larger = await stripe.subscriptions.update(bought.id, { ...change, expand: ["latest_invoice"] });
saw.change = larger.latest_invoice.amount_due === preview.amount_due;
const cheaper = await stripe.subscriptions.update(bought.id, {
  discounts: [{ promotion_code: code.id }],
  expand: ["discounts"],
});
saw.discount = cheaper.discounts[0].promotion_code === code.id;
const upcoming = await stripe.invoices.createPreview({ subscription: bought.id });
saw.upcoming = [upcoming.subtotal, upcoming.total];

// --- Reads what was charged, page by page, and takes a document along

const invoices = [];
for await (const invoice of stripe.invoices.list({ customer: customer.id, limit: 1 })) invoices.push(invoice);
saw.invoices = invoices.map((invoice) => invoice.billing_reason);
const document = await fetch(invoices[0].invoice_pdf);
saw.pdf = [document.status, (await document.text()).slice(0, 5)];

// --- Gets some of it back

const note = await stripe.creditNotes.create({ invoice: invoices[1].id, amount: 500, refund_amount: 500 });
const [payment] = (await stripe.invoicePayments.list({ invoice: invoices[0].id })).data;
const refund = await stripe.refunds.create({ payment_intent: payment.payment.payment_intent, amount: 100 });
saw.back = [note.total, refund.amount, refund.status];
const shown = await stripe.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } });
const portal = await stripe.billingPortal.sessions.create({
  customer: customer.id,
  configuration: shown.id,
  return_url: "http://shop.test/",
});
saw.portal = (await fetch(portal.url)).status;

// --- The same request twice, and each class of error

const once_ = { idempotencyKey: "node-once" };
const first = await stripe.customers.create({ email: "once@node.example" }, once_);
const again = await stripe.customers.create({ email: "once@node.example" }, once_);
saw.once = [first.id === again.id, again.lastResponse.headers["idempotent-replayed"]];
const broke = await stripe.customers.create({ email: "broke@node.example" });
const card = await stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: broke.id });
await control("faults", { status: 429, count: 1, path: "/v1/products" });
saw.errors = {
  limited: await refused(stripe.products.list()),
  card: await refused(
    stripe.subscriptions.create({
      customer: broke.id, items: [{ price: small.id }], default_payment_method: card.id,
      payment_behavior: "error_if_incomplete",
    }),
  ),
  unknown: await refused(stripe.customers.retrieve("cus_nobody")),
  invalid: await refused(stripe.prices.create({ product: product.id, currency: "eur", unit_amount: -1 })),
  otherwise: await refused(stripe.customers.create({ email: "twice@node.example" }, once_)),
  stranger: await refused(new Stripe("sk_live_of_somebody", at).customers.list()),
};
await control("faults", { status: 500, count: 1, path: "/v1/products" });
saw.errors.broken = await refused(stripe.products.list());

// --- Leaves, and what was told of it is signed

saw.ended = (await stripe.subscriptions.cancel(bought.id)).status;
const told = await heard("customer.subscription.deleted");
const event = stripe.webhooks.constructEvent(told.body, told.signature, endpoint.secret);
saw.told = [event.type, event.data.object.id === bought.id, event.api_version];
assert.throws(
  () => stripe.webhooks.constructEvent(`${told.body} `, told.signature, endpoint.secret),
  stripe.errors.StripeSignatureVerificationError,
);
await stripe.webhookEndpoints.del(endpoint.id);
door.closeAllConnections();
door.close();
process.stdout.write(JSON.stringify(saw));
