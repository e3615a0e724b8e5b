import { el } from "./el";
import { en } from "./en";

export type Language = "en" | "el";
export type Key = keyof typeof en;
export type Messages = Record<Key, string>;
export type Translate = (key: Key, values?: Record<string, string | number>) => string;

export const LANGUAGES: Record<Language, string> = { en: "English", el: "Ελληνικά" };
export const LANGUAGE_COOKIE = "language";

const MESSAGES: Record<Language, Messages> = { en, el };

export function messagesOf(language: Language): Messages {
  return MESSAGES[language];
}

/** Return the function that says things in this language; `{name}` in a text is replaced. */
export function translator(messages: Messages): Translate {
  return (key, values = {}) => messages[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function isLanguage(text: string | undefined): text is Language {
  return text === "en" || text === "el";
}

/** Return the language that a browser likes best, of ours (RFC 9110 12.5.4). */
export function preferred(acceptLanguage: string): Language {
  const ranked = acceptLanguage
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().split(";");
      const quality = parameters.map((each) => /^\s*q=([\d.]+)/.exec(each)?.[1]).find((each) => each !== undefined);
      return { language: tag.slice(0, 2).toLowerCase(), quality: Number(quality ?? 1) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  return ranked.map(({ language }) => language).find(isLanguage) ?? "en";
}
