import "server-only";

import { ApiError, unwrap } from "@newconcierge/client";
import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { cache } from "react";

import { decoded, workspaceHost, workspacePath } from "@/lib/workspace-host";

import { workspaceAt } from "./api";
import { sessionCookie } from "./session";

export const PATH_HEADER = "x-path";

export type Member = Awaited<ReturnType<typeof enter>>;

/** Return the host of a page's parameters; what is none leads to "not found". */
export async function hostOf(params: Promise<{ host: string }>): Promise<string> {
  return workspaceHost((await params).host) ?? notFound();
}

/** Let a member of the workspace in; whoever has no session is led to the sign-in. */
export const enter = cache(async (host: string) => {
  if (!(await sessionCookie(host).get())) redirect(await signInPath(host));
  const { api, session } = await workspaceAt(host);
  const me = await api.GET("/api/me/").then(unwrap).catch((error: unknown) => turnAway(host, error, false));
  const runs = me.role === "owner" || me.role === "manager";
  return {
    host, api, session, me, runs,
    owns: me.role === "owner",
    /** Return what was asked for, or lead to the page that says why there is none. */
    read: async <T>(asked: Promise<T>): Promise<T> => asked.catch((error: unknown) => turnAway(host, error, me.role === "owner")),
    path: (page = "") => workspacePath(host, page),
  };
});

/** Lead to where a refusal sends people; what is no such refusal is thrown again. */
export async function turnAway(host: string, error: unknown, owner: boolean): Promise<never> {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) redirect(`${workspacePath(host, "session/ended")}?${await nextQuery(host)}`);
  if (error.isSuspended) redirect(workspacePath(host, owner ? "subscription" : "suspended"));
  if ([403, 404, 410].includes(error.status)) notFound();
  throw error;
}

/** Return the path to go on to after a sign-in: a page of this workspace, or its first one. */
export function safeNext(host: string, wanted: string | null | undefined): string {
  const home = workspacePath(host);
  return wanted && wanted.startsWith(`${home}/`) && /^[\w/.:-]+$/.test(wanted) && !wanted.includes("//") ? wanted : home;
}

async function signInPath(host: string): Promise<string> {
  return `${workspacePath(host, "sign-in")}?${await nextQuery(host)}`;
}

async function nextQuery(host: string): Promise<string> {
  return new URLSearchParams({ next: safeNext(host, (await headers()).get(PATH_HEADER)) }).toString();
}

/** Return the number in a page's address; what is none leads to "not found". */
export async function numberOf(params: Promise<{ id: string }>): Promise<number> {
  const { id } = await params;
  return /^\d{1,15}$/.test(id) ? Number(id) : notFound();
}

/** Return the key of a mail's link. */
export async function keyOf(params: Promise<{ key: string }>): Promise<string> {
  return decoded((await params).key);
}
