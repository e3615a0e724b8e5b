import { ApiError, unwrap } from "@newconcierge/client";
import { type NextRequest } from "next/server";
import { notFound, redirect } from "next/navigation";

import { enter, hostOf } from "@/server/workspace";

interface Asked {
  params: Promise<{ host: string; invoice: string; what: string }>;
}

/** Lead on to an invoice's page or PDF, or to a credit note's PDF, by a link that is asked for now. */
export async function GET(_: NextRequest, { params }: Asked): Promise<Response> {
  const [host, { invoice, what }] = await Promise.all([hostOf(params), params]);
  const { api, read, path } = await enter(host);
  const links = await read(
    api.GET("/api/invoices/{id}/links/", { params: { path: { id: invoice } } }).then(unwrap).catch((error: unknown) => {
      if (error instanceof ApiError && [410, 502, 503].includes(error.status)) redirect(`${path("subscription")}?said=not-shown`);
      throw error;
    }),
  );
  const note = links.credit_notes.find((each) => each.id === what);
  const url = what === "page" ? links.hosted_url : what === "pdf" ? links.pdf_url : note?.pdf_url;
  return url ? redirect(url) : notFound();
}
