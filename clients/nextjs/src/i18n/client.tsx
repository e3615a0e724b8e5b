"use client";

import { createContext, type ReactNode, use } from "react";

import { type Language, type Messages, type Translate, translator } from ".";

const Spoken = createContext<{ language: Language; messages: Messages } | null>(null);

export function LanguageProvider({ language, messages, children }: { language: Language; messages: Messages; children: ReactNode }) {
  return <Spoken value={{ language, messages }}>{children}</Spoken>;
}

export function useLanguage(): { language: Language; t: Translate } {
  const spoken = use(Spoken);
  if (!spoken) throw new Error("There is no LanguageProvider around this.");
  return { language: spoken.language, t: translator(spoken.messages) };
}
