/** A refusal of the API, RFC 9457. `errors` says by field what needs another look. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: Record<string, string[]>;
}

/** Thrown by `unwrap`: the API said no, and this is what it said. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = "ApiError";
  }

  /** Whether the workspace is suspended: show its billing page to owners. */
  get isSuspended(): boolean {
    return this.problem.status === 402 && this.problem.type.endsWith("subscription-inactive");
  }
}

/** Return the data of an answer, or throw what the API said instead. */
export function unwrap<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.error !== undefined || !answer.response.ok) {
    throw new ApiError(asProblem(answer.error, answer.response));
  }
  return answer.data as T;
}

function asProblem(error: unknown, response: Response): Problem {
  if (typeof error === "object" && error !== null && "status" in error && "detail" in error) {
    return error as Problem;
  }
  const title = response.statusText || "The request failed";
  return { type: "about:blank", title, status: response.status, detail: title };
}
