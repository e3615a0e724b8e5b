import { type Answer, unwrap } from "./problem.js";

/** What was read, and which version of it. */
export interface Versioned<T> {
  data: T;
  /** The answer's `ETag`; null where rows have no version. */
  etag: string | null;
}

/**
 * Return the data of an answer with its version, or throw what the API said instead.
 *
 *     const seen = versioned(await api.GET("/api/buildings/{id}/", { params }));
 *     await api.PATCH("/api/buildings/{id}/", { params, body, headers: ifMatch(seen) }); // 412: changed meanwhile
 */
export function versioned<T>(answer: Answer<T>): Versioned<T> {
  return { data: unwrap(answer), etag: answer.response.headers.get("ETag") };
}

/** Headers that let a PATCH or DELETE through only if nobody has changed the row since it was read. */
export function ifMatch(seen: Pick<Versioned<unknown>, "etag">): { "If-Match"?: string } {
  // A proxy that compresses marks the tag as weak, and weak ones match nothing here.
  return seen.etag === null ? {} : { "If-Match": seen.etag.replace(/^W\//, "") };
}
