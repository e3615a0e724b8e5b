import { type NextRequest, NextResponse } from "next/server";

import { canonicalPath } from "@/lib/workspace-host";
import { contentSecurityPolicy } from "@/server/policy";

/** Before every page: one address for one workspace, and a policy of what the page may run. */
export function proxy(request: NextRequest): NextResponse {
  const path = canonicalPath(request.nextUrl.pathname);
  if (path !== request.nextUrl.pathname && request.method === "GET") {
    const url = request.nextUrl.clone();
    url.pathname = path;
    return NextResponse.redirect(url);
  }
  const nonce = btoa(crypto.randomUUID());
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("x-path", path); // server/workspace.ts: where to go on after a sign-in
  headers.set("Content-Security-Policy", policy); // Next reads the nonce for its own scripts here
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  return response;
}

export const config = {
  matcher: [{ source: "/((?!_next/static|icon.svg).*)" }],
};
