import { cookiesAreSecure, paymentOrigins } from "./settings";

const DEVELOPING = process.env.NODE_ENV === "development";

/** What a page may load, run and lead to: ours alone, and Stripe's pages as the end of a form. */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${DEVELOPING ? " 'unsafe-eval'" : ""}`,
    `style-src 'self'${DEVELOPING ? " 'unsafe-inline'" : ""}`,
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `form-action 'self' ${paymentOrigins()}`,
    ...(cookiesAreSecure() ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
}
