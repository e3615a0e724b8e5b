import "server-only";

import { headers } from "next/headers";

import { isPreview } from "./settings";

/**
 * Where Stripe shall send the buyer back to: a preview deployment to itself, else the API's FRONTEND_URL.
 *
 * The API takes allowed origins alone, so that a made-up Host header leads nowhere.
 */
export async function returnAddress(): Promise<{ frontend_url?: string }> {
  if (!isPreview()) return {};
  const asked = await headers();
  const host = asked.get("x-forwarded-host") ?? asked.get("host");
  return host ? { frontend_url: `${asked.get("x-forwarded-proto") ?? "https"}://${host}` } : {};
}
