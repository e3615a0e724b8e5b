import { type NextRequest, NextResponse } from "next/server";

import { decoded } from "@/lib/workspace-host";
import { shop } from "@/server/api";

/** Whether a workspace's name can be had, for the form while it is typed. */
export async function GET(request: NextRequest, { params }: { params: Promise<{ label: string }> }): Promise<NextResponse> {
  const label = decoded((await params).label);
  const api = await shop();
  const signup = request.nextUrl.searchParams.get("signup");
  const { data, error, response } = await api.GET("/api/billing/subdomains/{label}/", {
    params: { path: { label }, query: signup ? { signup } : {} },
  });
  return NextResponse.json(data ?? error, { status: response.status });
}
