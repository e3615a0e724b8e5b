/** Where a session token is kept: an http-only cookie of the Next.js site, a file, memory. */
export interface TokenStore {
  get(): string | null | Promise<string | null>;
  set(token: string | null): void | Promise<void>;
}

/** A token kept for as long as the process, or the page, lives. */
export function inMemory(token: string | null = null): TokenStore {
  let kept = token;
  return {
    get: () => kept,
    set: (next) => {
      kept = next;
    },
  };
}
