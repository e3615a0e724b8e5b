import { ApiError, unwrap } from "@newconcierge/client";
import type { Metadata } from "next";
import { notFound } from "next/navigation";

import { SiteFrame } from "@/components/site-frame";
import { shop } from "@/server/api";
import { speak } from "@/server/language";

import { Welcome } from "./welcome";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return { title: t("welcome.page") };
}

export default async function WelcomePage({ params }: { params: Promise<{ session: string }> }) {
  const { session } = await params;
  const api = await shop();
  const progress = await api
    .GET("/api/billing/checkout/{session_id}/", { params: { path: { session_id: session } } })
    .then(unwrap)
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.problem.status === 404) notFound();
      throw error;
    });
  const waits = !["ready", "failed", "expired"].includes(progress.status);
  return (
    <SiteFrame signIn={false}>
      {/* Without scripts the page renews itself. */}
      {waits && <noscript><meta httpEquiv="refresh" content="2" /></noscript>}
      <Welcome session={session} known={progress} />
    </SiteFrame>
  );
}
