import { publicApi } from "@newconcierge/client";

import { apiUrl, stripePublishableKey } from "./settings";

/** Log a sentence if this site was given another Stripe key than the API has; never fail for it. */
export async function compareStripeKeys(): Promise<void> {
  const ours = stripePublishableKey();
  if (!ours) return;
  try {
    const { data } = await publicApi({ baseUrl: apiUrl(), timeout: 5_000 }).GET("/api/billing/config/");
    if (data && data.publishable_key !== ours) {
      console.error("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY is not the API's: they belong to different accounts or modes.");
    }
  } catch (error) {
    console.error("The API could not be asked for its Stripe key:", error);
  }
}
