/** At the server's start: say what is set up wrongly, in the log. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { compareStripeKeys } = await import("./server/stripe-key");
  await compareStripeKeys();
}
