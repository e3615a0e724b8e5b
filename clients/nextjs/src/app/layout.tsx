import "./globals.css";

import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import { messagesOf } from "@/i18n";
import { LanguageProvider } from "@/i18n/client";
import { speak } from "@/server/language";
import { appName, appUrl, isProduction } from "@/server/settings";

export async function generateMetadata(): Promise<Metadata> {
  const { t } = await speak();
  return {
    ...(appUrl() ? { metadataBase: new URL(appUrl()) } : {}),
    title: { default: appName(), template: `%s · ${appName()}` },
    description: t("home.lead"),
    robots: { index: isProduction(), follow: isProduction() },
  };
}

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#0b5d5b" },
    { media: "(prefers-color-scheme: dark)", color: "#101716" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const { language, t } = await speak();
  return (
    <html lang={language}>
      <body>
        <LanguageProvider language={language} messages={messagesOf(language)}>
          <a className="skip" href="#main">{t("layout.skip")}</a>
          {children}
        </LanguageProvider>
      </body>
    </html>
  );
}
