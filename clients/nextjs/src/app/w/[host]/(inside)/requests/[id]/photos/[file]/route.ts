import { download } from "@newconcierge/client";
import { type NextRequest, NextResponse } from "next/server";

import { workspaceAt } from "@/server/api";
import { hostOf, numberOf } from "@/server/workspace";

const SHOWN = new Set(["image/png", "image/jpeg", "image/webp"]);

/** A request's file, handed through with the visitor's session: the browser never holds the token. */
export async function GET(_: NextRequest, { params }: { params: Promise<{ host: string; id: string; file: string }> }): Promise<Response> {
  const [host, id, { file }] = await Promise.all([hostOf(params), numberOf(params), params]);
  const { api } = await workspaceAt(host);
  const answer = await api.GET("/api/requests/{id}/attachments/{file}/", { params: { path: { id, file } }, parseAs: "stream" });
  if (!answer.response.ok) return new NextResponse(null, { status: answer.response.status });
  const { stream, contentType, fileName } = download(answer);
  const how = SHOWN.has(contentType) ? "inline" : "attachment";
  return new Response(stream, {
    headers: {
      "Content-Type": contentType,
      "Content-Disposition": `${how}; filename*=UTF-8''${encodeURIComponent(fileName ?? file)}`,
      "Cache-Control": "private, max-age=3600",
      "Content-Security-Policy": "default-src 'none'; sandbox",
    },
  });
}
