"use client";

import { useLanguage } from "@/i18n/client";

/** Something failed on our side, or the API can't be reached. */
export default function Failed({ reset }: { reset: () => void }) {
  const { t } = useLanguage();
  return (
    <main id="main" className="wrap" tabIndex={-1}>
      <section className="card">
        <h1>{t("failed.title")}</h1>
        <p className="muted">{t("failed.lead")}</p>
        <button className="button" onClick={reset}>{t("failed.again")}</button>
      </section>
    </main>
  );
}
