import { ApiError } from "./problem.js";

/** Where a session token is kept: an http-only cookie of the Next.js site, a file, memory. */
export interface TokenStore {
  get(): Promise<string | null>;
  set(token: string | null): Promise<void>;
}

export interface Credentials {
  email: string;
  password: string;
}

/** What a sign-in leads to: a session, or a second step with the authenticator app. */
export type SignIn = { state: "signed-in" } | { state: "needs-code"; pendingToken: string };

interface AuthAnswer {
  status: number;
  data?: { flows?: { id: string; is_pending?: boolean }[] };
  meta?: { session_token?: string; is_authenticated?: boolean };
  errors?: { message: string; param?: string }[];
}

/** Sign in and out of one workspace by its headless API (client `app`). */
export class Session {
  constructor(
    private readonly options: {
      baseUrl: string;
      headers: Record<string, string>;
      tokens: TokenStore;
      fetch: typeof globalThis.fetch;
    },
  ) {}

  /** Sign in; throws `ApiError` for a wrong address or password, and when tried too often (429). */
  async signIn(credentials: Credentials): Promise<SignIn> {
    return this.settle(await this.send("POST", "auth/login", credentials, null));
  }

  /** Finish a sign-in with the code of the authenticator app, or a recovery code. */
  async enterCode(pendingToken: string, code: string): Promise<SignIn> {
    return this.settle(await this.send("POST", "auth/2fa/authenticate", { code }, pendingToken));
  }

  /** Redeem the one-time key of the welcome or reset mail. Sign in afterwards. */
  async setPassword(key: string, password: string): Promise<void> {
    const answer = await this.send("POST", "auth/password/reset", { key, password }, null);
    // 401 means: set, and nobody is signed in by it.
    if (answer.status !== 200 && answer.status !== 401) throw refused(answer);
  }

  /** Sign out here and at the server. */
  async signOut(): Promise<void> {
    await this.send("DELETE", "auth/session", undefined, await this.options.tokens.get());
    await this.options.tokens.set(null);
  }

  private async settle(answer: AuthAnswer): Promise<SignIn> {
    const token = answer.meta?.session_token;
    if (answer.status === 200 && token) {
      await this.options.tokens.set(token);
      return { state: "signed-in" };
    }
    const pending = answer.data?.flows?.some((flow) => flow.id === "mfa_authenticate" && flow.is_pending);
    if (answer.status === 401 && pending && token) return { state: "needs-code", pendingToken: token };
    throw refused(answer);
  }

  private async send(
    method: string,
    path: string,
    body: unknown,
    token: string | null,
  ): Promise<AuthAnswer> {
    const response = await this.options.fetch(`${this.options.baseUrl}/_allauth/app/v1/${path}`, {
      method,
      headers: {
        ...this.options.headers,
        "Content-Type": "application/json",
        ...(token ? { "X-Session-Token": token } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = (await response.json().catch(() => ({}))) as Partial<AuthAnswer>;
    return { ...said, status: response.status };
  }
}

function refused(answer: AuthAnswer): ApiError {
  const errors: Record<string, string[]> = {};
  for (const { param = "", message } of answer.errors ?? []) (errors[param] ??= []).push(message);
  const detail = answer.errors?.[0]?.message ?? "The sign-in was refused.";
  return new ApiError({ type: "about:blank", title: "Refused", status: answer.status, detail, errors });
}
