import { type NextRequest, NextResponse } from "next/server";

import { workspacePath } from "@/lib/workspace-host";
import { workspaceAt } from "@/server/api";
import { sessionCookie } from "@/server/session";
import { hostOf, safeNext } from "@/server/workspace";

/**
 * Where pages lead when the API calls a session over: pages can't take its cookie away, a route handler can.
 *
 * The API is asked once more, so that nobody's link signs people out.
 */
export async function GET(request: NextRequest, { params }: { params: Promise<{ host: string }> }): Promise<NextResponse> {
  const host = await hostOf(params);
  const next = safeNext(host, request.nextUrl.searchParams.get("next"));
  const { api } = await workspaceAt(host);
  const { response } = await api.GET("/api/me/");
  if (response.status !== 401) return redirectTo(next);
  await sessionCookie(host).set(null);
  return redirectTo(`${workspacePath(host, "sign-in")}?${new URLSearchParams({ next })}`);
}

/** A relative redirect: behind a proxy this server knows its own address only by hearsay. */
function redirectTo(path: string): NextResponse {
  return new NextResponse(null, { status: 307, headers: { Location: path } });
}
