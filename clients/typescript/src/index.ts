import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { paths as PublicPaths } from "./public.js";
import { Session, type TokenStore } from "./session.js";
import type { paths as TenantPaths } from "./tenant.js";

export { ApiError, type Problem, unwrap } from "./problem.js";
export { type Credentials, Session, type SignIn, type TokenStore } from "./session.js";
export type { PublicPaths, TenantPaths };

type Fetch = typeof globalThis.fetch;

/** The shop: plans, names, checkout, progress. No sign-in. */
export function publicApi(options: { baseUrl: string; fetch?: Fetch }): Client<PublicPaths> {
  return createClient<PublicPaths>(options);
}

export interface WorkspaceOptions {
  /** The API's host (with `tenantHost`), or the workspace's own. No slash at the end. */
  baseUrl: string;
  /** The workspace's host, when `baseUrl` is the shared API host: sent as `X-Tenant-Host`. */
  tenantHost?: string;
  tokens: TokenStore;
  /** Called when the session has ended: sign in again and return true, and the request is repeated. */
  onSignedOut?: (session: Session) => Promise<boolean>;
  fetch?: Fetch;
}

export interface Workspace {
  api: Client<TenantPaths>;
  session: Session;
}

/** One workspace: its API, typed, with the session's token on every call. */
export function workspace(options: WorkspaceOptions): Workspace {
  const { baseUrl, tenantHost, tokens, onSignedOut, fetch = globalThis.fetch } = options;
  const headers: Record<string, string> = tenantHost ? { "X-Tenant-Host": tenantHost } : {};
  const session = new Session({ baseUrl, headers, tokens, fetch });
  const api = createClient<TenantPaths>({ baseUrl, headers, fetch: withToken(fetch, tokens) });
  if (onSignedOut) api.use(signInAgain(session, onSignedOut, withToken(fetch, tokens)));
  return { api, session };
}

function withToken(fetch: Fetch, tokens: TokenStore): (request: Request) => Promise<Response> {
  return async (request) => {
    const token = await tokens.get();
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    return fetch(request);
  };
}

/** On 401: let the caller sign in again, once for all requests under way, and repeat this one. */
function signInAgain(
  session: Session,
  onSignedOut: (session: Session) => Promise<boolean>,
  send: (request: Request) => Promise<Response>,
): Middleware {
  let underWay: Promise<boolean> | null = null;
  const copies = new Map<string, Request>();
  return {
    onRequest({ id, request }) {
      copies.set(id, request.clone()); // a body can be read only once
      return undefined;
    },
    async onResponse({ id, response }) {
      const copy = copies.get(id);
      copies.delete(id);
      if (response.status !== 401 || !copy) return undefined;
      underWay ??= onSignedOut(session).finally(() => {
        underWay = null;
      });
      return (await underWay) ? send(copy) : undefined;
    },
    onError({ id }) {
      copies.delete(id);
    },
  };
}

/** A token kept for as long as the process lives. */
export function inMemory(token: string | null = null): TokenStore {
  let kept = token;
  return {
    get: async () => kept,
    set: async (next) => {
      kept = next;
    },
  };
}

/** A key for a POST that may be repeated and must count once. */
export function idempotencyKey(): string {
  return globalThis.crypto.randomUUID();
}
