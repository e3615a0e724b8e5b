import "server-only";

import { ApiError } from "@newconcierge/client";

export interface Rows<T> {
  rows: T[];
  /** Whether there are more than were asked for. */
  more: boolean;
}

/** Take at most so many rows of a list, page after page. */
export async function firstRows<T>(list: AsyncIterable<T>, most: number): Promise<Rows<T>> {
  const rows: T[] = [];
  for await (const row of list) {
    if (rows.length === most) return { rows, more: true };
    rows.push(row);
  }
  return { rows, more: false };
}

/** Return null instead where this member's role may not see it. */
export async function ifAllowed<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 403) return null;
    throw error;
  });
}
