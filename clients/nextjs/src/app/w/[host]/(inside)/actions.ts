"use server";

import { redirect } from "next/navigation";

import { workspacePath } from "@/lib/workspace-host";
import { workspaceAt } from "@/server/api";
import { hostOf } from "@/server/workspace";

/** End the session, here and at the API. */
export async function signOut(rawHost: string): Promise<void> {
  const host = await hostOf(Promise.resolve({ host: rawHost }));
  const { session } = await workspaceAt(host);
  // The cookie is gone before the API is asked: out of reach, it lets the session end by age.
  await session.signOut().catch((error: unknown) => console.error("The API was not told of a sign-out:", error));
  redirect(`${workspacePath(host, "sign-in")}?said=out`);
}
