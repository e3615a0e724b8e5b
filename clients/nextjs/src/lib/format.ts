import type { Language } from "@/i18n";

const LOCALES: Record<Language, string> = { en: "en-GB", el: "el-GR" };
const TIME_ZONE = "Europe/Athens";

/** Show minor units as money; whole amounts without their zeros where `short`. */
export function money(amount: number, currency: string, language: Language, { short = false } = {}): string {
  const format = new Intl.NumberFormat(LOCALES[language], { style: "currency", currency: currency.toUpperCase() });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const value = amount / 10 ** digits;
  if (!short || !Number.isInteger(value)) return format.format(value);
  return new Intl.NumberFormat(LOCALES[language], {
    style: "currency", currency: currency.toUpperCase(), maximumFractionDigits: 0,
  }).format(value);
}

export function day(iso: string, language: Language): string {
  return new Date(iso).toLocaleDateString(LOCALES[language], { day: "numeric", month: "long", year: "numeric", timeZone: TIME_ZONE });
}

export function moment(iso: string, language: Language): string {
  return new Date(iso).toLocaleString(LOCALES[language], {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: TIME_ZONE,
  });
}

/** Show a month by its first day. */
export function month(iso: string, language: Language): string {
  return new Date(`${iso.slice(0, 7)}-01T12:00:00Z`).toLocaleDateString(LOCALES[language], { month: "long", year: "numeric", timeZone: "UTC" });
}

export function number(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language]).format(value);
}

/** Read an amount as people type it, with comma or dot, in minor units; null if it is none. */
export function minorUnits(text: string): number | null {
  const plain = text.trim().replace(/[\s€]/g, "").replace(",", ".");
  return /^-?\d{1,9}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
}
