import type { Client, MaybeOptionalInit } from "openapi-fetch";

import { type Answer, unwrap } from "./problem.js";

type Json<Operation> = Operation extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;

/** The addresses of a document whose GET answers with pages. */
export type ListPath<Paths> = {
  [Path in keyof Paths]: [Json<Paths[Path]>] extends [never]
    ? never
    : Json<Paths[Path]> extends { results: readonly unknown[] }
      ? Path
      : never;
}[keyof Paths];

/** One page of a list. */
export type PageOf<Paths, Path extends keyof Paths> = Json<Paths[Path]>;

/** One row of a list. */
export type RowOf<Paths, Path extends keyof Paths> = Json<Paths[Path]> extends { results: readonly (infer Row)[] }
  ? Row
  : never;

type Init<Paths, Path extends keyof Paths> = Paths[Path] extends Record<string | number, unknown>
  ? MaybeOptionalInit<Paths[Path], "get">
  : never;

/** What the list's GET takes; it may be left out where nothing of it is required. */
type Options<Paths, Path extends keyof Paths> = {} extends Init<Paths, Path>
  ? [options?: Init<Paths, Path>]
  : [options: Init<Paths, Path>];

/**
 * Every row of a list, page after page, as they are asked for.
 *
 *     for await (const apartment of pages(api, "/api/apartments/", { params: { query: { building } } })) …
 */
export async function* pages<Paths extends {}, Path extends ListPath<Paths>>(
  api: Client<Paths>,
  path: Path,
  ...options: Options<Paths, Path>
): AsyncGenerator<RowOf<Paths, Path>, void, undefined> {
  for await (const page of eachPage(api, path, ...options)) {
    yield* (page as { results: RowOf<Paths, Path>[] }).results;
  }
}

/** The pages themselves, for "show more". */
export async function* eachPage<Paths extends {}, Path extends ListPath<Paths>>(
  api: Client<Paths>,
  path: Path,
  ...options: Options<Paths, Path>
): AsyncGenerator<PageOf<Paths, Path>, void, undefined> {
  const [init] = options;
  const get = api.GET as unknown as (path: Path, init: unknown) => Promise<Answer<{ next?: string | null }>>;
  let cursor: string | null = null;
  do {
    const page = unwrap(await get(path, cursor === null ? init : at(cursor, init)));
    yield page as PageOf<Paths, Path>;
    cursor = cursorOf(page.next);
  } while (cursor !== null);
}

/** Return the cursor in a page's `next` or `previous`, to be sent as `cursor`; null on the last page. */
export function cursorOf(link: string | null | undefined): string | null {
  // Only the cursor counts: the host may be one that this client does not go to.
  return link ? new URL(link, "http://api.invalid").searchParams.get("cursor") : null;
}

function at(cursor: string, options: unknown): unknown {
  const { params, ...others } = (options ?? {}) as { params?: { query?: object } };
  return { ...others, params: { ...params, query: { ...params?.query, cursor } } };
}
