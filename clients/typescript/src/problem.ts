import type { components } from "./tenant.js";

/** The kinds of problems, as they stand in the API's catalogue. New ones may come: leave room for others. */
export type ProblemCode = components["schemas"]["ProblemCode"];

/** A refusal of the API, RFC 9457. */
export interface Problem {
  /** The address of a page that says what this kind of problem means, or `about:blank`. */
  type: string;
  /** What `type` ends in. Absent where something on the way refused, not the API. */
  code?: ProblemCode | (string & {});
  title: string;
  status: number;
  detail: string;
  /** What needs another look, by field; `""` holds what concerns no single field. In the reader's language. */
  errors?: Record<string, string[]>;
  /** The same for programs: a code for each message of `errors`. */
  codes?: Record<string, string[]>;
}

/** One message on one field. */
export interface FieldError {
  message: string;
  code: string | null;
}

/** A problem of this kind: one about fields always has `errors`. */
export type ProblemOf<Code extends string> = Code extends "invalid-input"
  ? Problem & Required<Pick<Problem, "errors">>
  : Problem;

/** The API said no, and this is what it said. */
export class ApiError extends Error {
  readonly #response: Response; // out of sight: a log of the error has no use for it

  constructor(
    readonly problem: Problem,
    response: Response,
  ) {
    super(problem.detail);
    this.name = "ApiError";
    this.#response = response;
  }

  /** The answer as it came, its body read. */
  get response(): Response {
    return this.#response;
  }

  get status(): number {
    return this.problem.status;
  }

  /** What kind of problem it is: the end of its `type`; "" when the status says all. */
  get code(): ProblemCode | (string & {}) {
    return this.problem.code ?? codeOf(this.problem.type);
  }

  /** @deprecated The first name of `code`. */
  get slug(): ProblemCode | (string & {}) {
    return this.code;
  }

  /** Whether it is this kind of problem; TypeScript then knows what comes with it. */
  is<Code extends ProblemCode>(code: Code): this is ApiError & { readonly problem: ProblemOf<Code> } {
    return this.code === code;
  }

  /** Whether the workspace is suspended: show its billing page to owners. */
  get isSuspended(): boolean {
    return this.status === 402 && this.is("subscription-inactive");
  }

  /** The seconds after which another try makes sense, if the API said so. */
  get retryAfter(): number | null {
    return retryAfter(this.response);
  }

  /** What to tell support: the API's log knows the request by it. */
  get requestId(): string | null {
    return this.response.headers.get("X-Request-ID");
  }

  /** The messages on one field; `""` for those on no single one. */
  on(field: string): FieldError[] {
    const codes = this.problem.codes?.[field] ?? [];
    return (this.problem.errors?.[field] ?? []).map((message, at) => ({ message, code: codes[at] ?? null }));
  }
}

/** What openapi-fetch answers with. */
export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the data of an answer, or throw what the API said instead. */
export function unwrap<T>(answer: Answer<T>): T {
  if (answer.error !== undefined || !answer.response.ok) {
    throw new ApiError(asProblem(answer.error, answer.response), answer.response);
  }
  return answer.data as T;
}

/** Return a problem's kind: what its `type` ends in, or "" for `about:blank`. */
function codeOf(type: string): string {
  if (type === "about:blank") return "";
  return type.replace(/[?#].*$/, "").replace(/\/+$/, "").split("/").pop() ?? "";
}

/** Return what was said as a problem, even where a proxy on the way said it. */
export function asProblem(said: unknown, response: Response): Problem {
  if (typeof said === "object" && said !== null && "type" in said && "detail" in said) {
    return said as Problem;
  }
  const title = response.statusText || "The request failed";
  return { type: "about:blank", title, status: response.status, detail: title };
}

/** Return the seconds of `Retry-After`, which is a number of them or a date. */
export function retryAfter(response: Response): number | null {
  const said = response.headers.get("Retry-After");
  if (said === null) return null;
  const seconds = /^\d+$/.test(said.trim()) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, Math.ceil(seconds));
}
