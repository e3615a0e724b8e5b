import { idempotencyKey } from "./idempotency.js";
import { retryAfter } from "./problem.js";

/** `fetch`, as it is called here: an address, and everything else beside it. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Headers for every call, or a function that is asked for them at each. */
export type HeaderSource = StaticHeaders | (() => StaticHeaders | Promise<StaticHeaders>);
export type StaticHeaders = Readonly<Record<string, string | undefined>>;

/** How to reach the API; the same for the shop and for a workspace. */
export interface Connection {
  /** The API's address, or a workspace's own: `https://api.example.com`. */
  baseUrl: string;
  /** Sent with every call: the visitor's language, or what a server hands on. */
  headers?: HeaderSource | undefined;
  /** Milliseconds until an answer must have begun (30,000); 0 waits for ever, and so do uploads. */
  timeout?: number | undefined;
  /** How often a call is sent again after a broken connection or `Retry-After` (0: never). */
  retries?: number | undefined;
  /** Another `fetch` than the global one, which is looked up at each call. */
  fetch?: Fetch | undefined;
}

const TIMEOUT = 30_000;
const LONGEST_WAIT = 20; // seconds; whoever is told to wait longer hears of it
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** Sends requests of one connection. */
export class Transport {
  constructor(private readonly connection: Connection) {}

  /** Send a call, and again if that is wanted and can do no harm. */
  async send(url: string, init: RequestInit & { headers: Headers }): Promise<Response> {
    const repeatable = SAFE.has(init.method ?? "GET") || init.headers.has("Idempotency-Key");
    for (let left = repeatable ? this.retries : 0; ; left -= 1) {
      const answer = await this.attempt(url, init).catch((error: unknown) => {
        if (left <= 0 || !isLost(error)) throw error;
        return null;
      });
      const wait = answer === null ? 1 : secondsToWait(answer);
      if (answer !== null && (left <= 0 || wait === null)) return answer;
      await pause(wait ?? 0, init.signal);
    }
  }

  /** Return what `request` says, ready to be sent; a POST that may be repeated has a key of its own. */
  async prepare(request: Request): Promise<RequestInit & { headers: Headers }> {
    const init = await asOptions(request);
    if (this.retries > 0 && init.method === "POST" && !init.headers.has("Idempotency-Key")) {
      init.headers.set("Idempotency-Key", idempotencyKey());
    }
    return init;
  }

  private get retries(): number {
    return this.connection.retries ?? 0;
  }

  private async attempt(url: string, init: RequestInit & { headers: Headers }): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(await this.headers())) {
      if (value !== undefined && !headers.has(name)) headers.set(name, value);
    }
    // Looked up now, for frameworks patch it; called bare, for browsers refuse another `this`.
    const fetch = this.connection.fetch ?? globalThis.fetch;
    return within(this.milliseconds(init), init.signal, (signal) => fetch(url, { ...init, headers, ...signal }));
  }

  private async headers(): Promise<StaticHeaders> {
    const { headers = {} } = this.connection;
    return typeof headers === "function" ? headers() : headers;
  }

  private milliseconds(init: RequestInit): number {
    return init.body instanceof Uint8Array ? 0 : (this.connection.timeout ?? TIMEOUT);
  }
}

/**
 * Return what a `Request` says as an address and options.
 *
 * Next.js's server sends the body of a `Request` in chunks; a text has a length.
 */
async function asOptions(request: Request): Promise<RequestInit & { headers: Headers }> {
  const init: RequestInit & { headers: Headers } = { ...own(request), method: request.method, headers: new Headers(request.headers) };
  if (!SAFE.has(request.method)) {
    const body = await bodyOf(request);
    if (body !== null) init.body = body;
  }
  return init;
}

/** What a call may say about caches and the like, and what frameworks add (`next` of Next.js). */
function own(request: Request): RequestInit {
  const { cache, credentials, redirect, referrerPolicy, keepalive, signal } = request;
  return {
    ...Object.fromEntries(Object.keys(request).map((name) => [name, request[name as keyof Request]])),
    ...(cache && cache !== "default" ? { cache } : {}),
    ...(credentials && credentials !== "same-origin" ? { credentials } : {}),
    ...(redirect && redirect !== "follow" ? { redirect } : {}),
    ...(referrerPolicy ? { referrerPolicy } : {}),
    ...(keepalive ? { keepalive } : {}),
    signal,
  };
}

async function bodyOf(request: Request): Promise<string | Uint8Array<ArrayBuffer> | null> {
  if (request.headers.get("Content-Type")?.startsWith("multipart/")) {
    return new Uint8Array(await request.arrayBuffer());
  }
  return (await request.text()) || null;
}

/** Let `work` begin to answer in that time, or abort it with a `TimeoutError`. */
async function within(
  milliseconds: number,
  given: AbortSignal | null | undefined,
  work: (signal: { signal?: AbortSignal }) => Promise<Response>,
): Promise<Response> {
  if (!milliseconds) return work(given ? { signal: given } : {});
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException(`No answer within ${milliseconds} ms`, "TimeoutError"));
  }, milliseconds);
  try {
    return await work({ signal: given ? AbortSignal.any([given, late.signal]) : late.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the connection broke, rather than somebody broke it off. */
function isLost(error: unknown): boolean {
  return error instanceof TypeError;
}

function secondsToWait(answer: Response): number | null {
  const seconds = answer.status === 429 || answer.status === 503 ? retryAfter(answer) : null;
  return seconds !== null && seconds <= LONGEST_WAIT ? seconds : null;
}

function pause(seconds: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
