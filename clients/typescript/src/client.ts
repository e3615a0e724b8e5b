import createClient, { type Client } from "openapi-fetch";

import { serialize } from "./files.js";
import type { paths as PublicPaths } from "./public.js";
import { Session } from "./session.js";
import type { paths as TenantPaths } from "./tenant.js";
import type { TokenStore } from "./tokens.js";
import { type Connection, type HeaderSource, type StaticHeaders, Transport } from "./transport.js";

/** The shop: plans, names, checkout, progress. No sign-in. */
export function publicApi(options: Connection): Client<PublicPaths> {
  const transport = new Transport(options);
  return typed<PublicPaths>(options.baseUrl, async (request) => transport.send(request.url, await transport.prepare(request)));
}

export interface WorkspaceOptions extends Connection {
  /** The workspace's host, when `baseUrl` is the shared API host: sent as `X-Tenant-Host`. */
  tenantHost?: string | undefined;
  /** Where the session's token is kept; `inMemory(key)` for an API key. */
  tokens: TokenStore;
  /** Called when the session has ended: sign in again and return true, and the request is repeated. */
  onSignedOut?: ((session: Session) => Promise<boolean>) | undefined;
}

export interface Workspace {
  api: Client<TenantPaths>;
  session: Session;
}

/** One workspace: its API, typed, with the session's token on every call. */
export function workspace(options: WorkspaceOptions): Workspace {
  const { baseUrl, tokens, onSignedOut } = options;
  const transport = new Transport({ ...options, headers: withTenant(options.tenantHost, options.headers) });
  const session = new Session({ baseUrl: withoutSlash(baseUrl), tokens, transport });

  const send = (url: string, init: RequestInit & { headers: Headers }, token: string | null) => {
    const headers = new Headers(init.headers);
    if (token !== null && !headers.has("Authorization")) headers.set("Authorization", `Bearer ${token}`);
    return transport.send(url, { ...init, headers });
  };

  let underWay: Promise<boolean> | null = null;
  /** Whether there is a session again: signed in anew, once for all calls that were sent with `token`. */
  async function renewed(token: string | null, signIn: (session: Session) => Promise<boolean>): Promise<boolean> {
    if (underWay === null && (await tokens.get()) !== token) return true;
    underWay ??= signIn(session).finally(() => {
      underWay = null;
    });
    return underWay;
  }

  async function sendSignedIn(request: Request): Promise<Response> {
    const init = await transport.prepare(request);
    const token = await tokens.get();
    const answer = await send(request.url, init, token);
    if (answer.status !== 401 || !onSignedOut || !(await renewed(token, onSignedOut))) return answer;
    return send(request.url, init, await tokens.get());
  }

  return { api: typed<TenantPaths>(baseUrl, sendSignedIn), session };
}

function typed<Paths extends {}>(baseUrl: string, fetch: (request: Request) => Promise<Response>): Client<Paths> {
  return createClient<Paths>({ baseUrl: withoutSlash(baseUrl), fetch, bodySerializer: serialize });
}

function withTenant(host: string | undefined, given: HeaderSource = {}): HeaderSource {
  if (!host) return given;
  const more = (headers: StaticHeaders) => ({ ...headers, "X-Tenant-Host": host });
  return typeof given === "function" ? async () => more(await given()) : more(given);
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
