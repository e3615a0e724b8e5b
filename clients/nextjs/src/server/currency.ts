import "server-only";

import { unwrap } from "@newconcierge/client";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { cache } from "react";

import { workspaceHost } from "@/lib/workspace-host";

import { enter, PATH_HEADER } from "./workspace";

/** The currency of all money in the workspace whose page this is; subscriptions name their own. */
export const currencyHere = cache(async (): Promise<string> => {
  const host = workspaceHost((await headers()).get(PATH_HEADER)?.split("/")[2] ?? "") ?? notFound();
  const { api, read } = await enter(host);
  return (await read(api.GET("/api/workspace/").then(unwrap))).currency;
});
