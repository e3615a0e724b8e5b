import "server-only";

import type { TokenStore } from "@newconcierge/client";
import { cookies } from "next/headers";

import { workspacePath } from "@/lib/workspace-host";

import { cookiesAreSecure } from "./settings";

const SESSION_SECONDS = 14 * 24 * 60 * 60;
const PENDING_SECONDS = 10 * 60;

/**
 * The session's token, in a cookie that no script can read, of this workspace's pages alone.
 *
 * Cookies can be set by actions and route handlers only, not while a page is rendered.
 */
export function sessionCookie(host: string): TokenStore {
  return tokenCookie(`session.${host}`, workspacePath(host), SESSION_SECONDS);
}

/** The token of a sign-in that waits for its code. */
export function pendingCookie(host: string): TokenStore {
  return tokenCookie(`pending.${host}`, workspacePath(host, "sign-in"), PENDING_SECONDS);
}

function tokenCookie(name: string, path: string, maxAge: number): TokenStore {
  const options = { path, httpOnly: true, sameSite: "lax", secure: cookiesAreSecure() } as const;
  return {
    get: async () => (await cookies()).get(name)?.value || null,
    set: async (token) => {
      (await cookies()).set({ name, value: token ?? "", ...options, maxAge: token ? maxAge : 0 });
    },
  };
}
