import "server-only";

import { type Connection, publicApi, workspace } from "@newconcierge/client";
import { headers } from "next/headers";

import { currentLanguage } from "./language";
import { sessionCookie } from "./session";
import { apiUrl, clientAddressHeader, frontendSecret } from "./settings";

const PATIENCE_MS = 20_000;

/** The shop, asked in the reader's language and on the visitor's behalf. */
export async function shop(): Promise<ReturnType<typeof publicApi>> {
  return publicApi(await connection());
}

/** One workspace, with the session of this visitor there. */
export async function workspaceAt(host: string): Promise<ReturnType<typeof workspace>> {
  return workspace({ ...(await connection()), tenantHost: host, tokens: sessionCookie(host) });
}

async function connection(): Promise<Connection> {
  const more = { "Accept-Language": await currentLanguage(), ...(await visitorsAddress()) };
  return { baseUrl: apiUrl(), headers: more, timeout: PATIENCE_MS };
}

/** Say who asks, so that visitors don't share the limits of this server; the secret makes it believable. */
async function visitorsAddress(): Promise<Record<string, string>> {
  const [secret, header] = [frontendSecret(), clientAddressHeader()];
  const address = header ? (await headers()).get(header)?.split(",").at(-1)?.trim() : undefined;
  return secret && address ? { "X-Frontend-Secret": secret, "X-Visitor-Address": address } : {};
}
