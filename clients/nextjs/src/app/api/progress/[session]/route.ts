import { type NextRequest, NextResponse } from "next/server";

import { decoded } from "@/lib/workspace-host";
import { shop } from "@/server/api";

/** How far a workspace has come, for the page that waits for it. */
export async function GET(_: NextRequest, { params }: { params: Promise<{ session: string }> }): Promise<NextResponse> {
  const session = decoded((await params).session);
  const api = await shop();
  const { data, error, response } = await api.GET("/api/billing/checkout/{session_id}/", {
    params: { path: { session_id: session } },
  });
  return NextResponse.json(data ?? error, { status: response.status });
}
