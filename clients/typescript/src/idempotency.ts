/** A key for a POST that may be repeated and must count once. */
export function idempotencyKey(): string {
  return globalThis.crypto.randomUUID();
}

/**
 * A key that stays the same until what it stands for has been done.
 *
 *     const purchase = new IdempotencyKey();
 *     await shop.POST("/api/billing/checkout/", { body, headers: purchase.headers });
 *     purchase.renew(); // once it has succeeded, or once the form has changed
 */
export class IdempotencyKey {
  constructor(private key: string = idempotencyKey()) {}

  /** The key itself, to be kept where it outlives the page: a hidden field, a session. */
  get value(): string {
    return this.key;
  }

  get headers(): { "Idempotency-Key": string } {
    return { "Idempotency-Key": this.key };
  }

  /** Take a new key: the next POST is another deed. */
  renew(): void {
    this.key = idempotencyKey();
  }
}
