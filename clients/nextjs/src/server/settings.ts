import "server-only";

/**
 * The environment, read at run time: one build serves every deployment.
 *
 * Next writes `process.env.NEXT_PUBLIC_…` into the code as it builds; a name in brackets it leaves alone.
 */
function read(name: string): string {
  return (process.env[name] ?? "").trim();
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** The API's address, from the server: any of the names that the deployment guide knows. */
export function apiUrl(): string {
  const url =
    read("CONCIERGE_API_URL") ||
    read("NEXT_PUBLIC_API_URL") ||
    read("NEXT_PUBLIC_DJANGO_API_URL") ||
    read("NEXT_PUBLIC_DEFAULT_API_URL").replace(/\/api\/?$/, "");
  if (!url) throw new Error("Set CONCIERGE_API_URL, or NEXT_PUBLIC_API_URL, to the API's address.");
  return withoutSlash(url);
}

export function appName(): string {
  return read("NEXT_PUBLIC_APP_NAME") || "New Concierge";
}

/** Where this site is reached; empty if nobody has said so. */
export function appUrl(): string {
  return withoutSlash(read("NEXT_PUBLIC_APP_URL"));
}

/** `preview` for deployments of branches: they are not indexed, and buyers return to themselves. */
export function isPreview(): boolean {
  return (read("VERCEL_ENV") || read("NEXT_PUBLIC_ENV")) === "preview";
}

export function isProduction(): boolean {
  return read("NEXT_PUBLIC_ENV") === "production" && !isPreview();
}

/** The domain under which workspaces live, if it is to be shown: `newconcierge.gr`. */
export function workspaceDomain(): string {
  return read("NEXT_PUBLIC_WORKSPACE_DOMAIN").replace(/^\./, "");
}

/** Cookies travel by https alone, unless this site is plainly served by http, as on one's own machine. */
export function cookiesAreSecure(): boolean {
  return process.env.NODE_ENV === "production" && !appUrl().startsWith("http:");
}

/** Where Stripe's pages are: what a form of ours may lead to. */
export function paymentOrigins(): string {
  return read("PAYMENT_ORIGINS") || "https://checkout.stripe.com https://billing.stripe.com https://invoice.stripe.com";
}

/** The secret by which the API believes us who the visitor is. */
export function frontendSecret(): string {
  return read("FRONTEND_SECRET");
}

/** The header in which the proxy before us says where a visitor comes from; without one nobody does. */
export function clientAddressHeader(): string {
  return read("CLIENT_ADDRESS_HEADER") || (read("VERCEL") ? "x-vercel-forwarded-for" : "");
}

/** The key that the deployment guide gives this site; only compared with the API's (stripe-key.ts). */
export function stripePublishableKey(): string {
  return read("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY");
}
