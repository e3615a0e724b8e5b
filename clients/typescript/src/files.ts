import { type Answer, unwrap } from "./problem.js";

/** A file that the API hands out. Read it once: as a stream, or whole. */
export interface Download {
  /** Its name, from `Content-Disposition`; null if the answer gives none. */
  fileName: string | null;
  contentType: string;
  /** Bytes, if they are known before. */
  size: number | null;
  stream: ReadableStream<Uint8Array>;
  blob(): Promise<Blob>;
}

/**
 * Return the file in an answer, or throw what the API said instead.
 *
 *     const bill = download(await api.GET("/api/expenses/{id}/attachment/", { params, parseAs: "stream" }));
 */
export function download(answer: Answer<ReadableStream<Uint8Array> | null>): Download {
  const stream = unwrap(answer) ?? new Blob([]).stream();
  const { headers } = answer.response;
  const contentType = headers.get("Content-Type") ?? "application/octet-stream";
  const length = headers.get("Content-Length");
  return {
    fileName: fileName(headers.get("Content-Disposition") ?? ""),
    contentType,
    // What is compressed on the way has the length of the compressed.
    size: length === null || headers.has("Content-Encoding") ? null : Number(length),
    stream,
    blob: () => new Response(stream, { headers: { "Content-Type": contentType } }).blob(),
  };
}

/** Return the name that a `Content-Disposition` gives (RFC 6266); the encoded form counts for more. */
export function fileName(disposition: string): string | null {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  if (encoded !== undefined) return decodeURIComponent(encoded);
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, "$1");
  return /;\s*filename\s*=\s*([^;\s]+)/i.exec(disposition)?.[1] ?? null;
}

/** Write a body as JSON, or as a form if a file is in it. */
export function serialize(body: unknown): string | FormData {
  if (body instanceof FormData) return body;
  return hasFile(body) ? asForm(body) : JSON.stringify(body);
}

function hasFile(body: unknown): body is Record<string, unknown> {
  return (
    typeof body === "object" && body !== null && Object.values(body).flat().some((value) => value instanceof Blob)
  );
}

function asForm(body: Record<string, unknown>): FormData {
  const form = new FormData();
  for (const [name, values] of Object.entries(body)) {
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      if (value === undefined || value === null) continue;
      if (value instanceof Blob) form.append(name, value);
      else form.append(name, String(value));
    }
  }
  return form;
}
