import { ApiError, type Problem, asProblem } from "./problem.js";
import { SecondFactor } from "./second-factor.js";
import type { paths } from "./tenant.js";
import type { TokenStore } from "./tokens.js";
import type { Transport } from "./transport.js";

export interface Credentials {
  email: string;
  password: string;
}

/** What a sign-in leads to: a session, or a second step with the authenticator app. */
export type SignIn = { state: "signed-in" } | { state: "needs-code"; pendingToken: string };

/** What proves that somebody is still who has signed in. */
export type Proof = { password: string } | { code: string };

/** Whoever is signed in, as the sign-in API tells it; `/api/me/` knows more. */
export interface SignedIn {
  id: number | string;
  email: string;
  display: string;
}

/** An address of the person: the one in use, and one that waits to be confirmed. */
export interface EmailAddress {
  email: string;
  verified: boolean;
  primary: boolean;
}

type Post<Path extends "/api/invitations/preview/" | "/api/invitations/accept/"> = paths[Path]["post"];

/** What an invitation's key leads to. */
export type Invited = Post<"/api/invitations/preview/">["responses"][200]["content"]["application/json"];

/** What the invited person says to join. */
export type Acceptance = NonNullable<Post<"/api/invitations/accept/">["requestBody"]>["content"]["application/json"];

/** Who has joined. */
export type Joined = Post<"/api/invitations/accept/">["responses"][201]["content"]["application/json"];

/** An answer of allauth's headless API. */
export interface AuthAnswer {
  status: number;
  data?: Record<string, unknown> & { flows?: Flow[] };
  meta?: Record<string, unknown> & { session_token?: string; is_authenticated?: boolean };
  errors?: { message: string; code?: string; param?: string }[];
}

interface Flow {
  id: string;
  is_pending?: boolean;
}

interface Answered extends AuthAnswer {
  response: Response;
  said: unknown;
}

/** Signed in, but this takes a proof of a short while ago: call `reauthenticate` in one of `ways`, and ask again. */
export class ReauthenticationRequired extends ApiError {
  constructor(
    problem: Problem,
    response: Response,
    readonly ways: ("password" | "code")[],
  ) {
    super(problem, response);
    this.name = "ReauthenticationRequired";
  }
}

/** Sign in and out of one workspace by its headless API (client `app`). Refusals throw `ApiError`. */
export class Session {
  /** The second factor of whoever is signed in. */
  readonly secondFactor: SecondFactor;

  constructor(private readonly options: { baseUrl: string; tokens: TokenStore; transport: Transport }) {
    this.secondFactor = new SecondFactor((...call) => this.asSignedIn(...call));
  }

  /** Sign in; throws for a wrong address or password (400), and when tried too often (429). */
  async signIn(credentials: Credentials): Promise<SignIn> {
    return this.settle(await this.auth("POST", "auth/login", credentials));
  }

  /** Finish a sign-in with the code of the authenticator app, or a recovery code. */
  async enterCode(pendingToken: string, code: string): Promise<SignIn> {
    return this.settle(await this.auth("POST", "auth/2fa/authenticate", { code }, pendingToken));
  }

  /** Return who is signed in, or null. */
  async current(): Promise<SignedIn | null> {
    const token = await this.options.tokens.get();
    if (token === null) return null;
    const answer = await this.auth("GET", "auth/session", undefined, token);
    if (answer.status === 401 || answer.status === 410) return null;
    if (answer.status !== 200) throw refused(answer);
    return answer.data?.["user"] as SignedIn;
  }

  /** Prove to be the same person still, by the password or by a code. */
  async reauthenticate(proof: Proof): Promise<void> {
    await this.asSignedIn("POST", "code" in proof ? "auth/2fa/reauthenticate" : "auth/reauthenticate", proof);
  }

  /** Sign out here and at the server; here even if the server is out of reach. */
  async signOut(): Promise<void> {
    const token = await this.options.tokens.get();
    await this.options.tokens.set(null);
    if (token !== null) await this.auth("DELETE", "auth/session", undefined, token);
  }

  /** Have a mail with a link sent, if the address has an account; the answer is the same without. */
  async requestPasswordReset(email: string): Promise<void> {
    await this.accepted("POST", "auth/password/request", { email }, [200]);
  }

  /** Redeem the one-time key of the welcome or reset mail. Sign in afterwards. */
  async setPassword(key: string, password: string): Promise<void> {
    // 401 means: set, and nobody is signed in by it.
    await this.accepted("POST", "auth/password/reset", { key, password }, [200, 401]);
  }

  /** Choose another password while signed in. Other sessions end. */
  async changePassword(current: string, next: string): Promise<void> {
    await this.asSignedIn("POST", "account/password/change", { current_password: current, new_password: next });
  }

  /** Redeem the key of the mail that asks to confirm an address. */
  async confirmEmail(key: string): Promise<void> {
    await this.accepted("POST", "auth/email/verify", { key }, [200, 401]);
  }

  /** The person's address, and the one that waits to be confirmed. */
  async emailAddresses(): Promise<EmailAddress[]> {
    return addresses(await this.asSignedIn("GET", "account/email"));
  }

  /** Ask for another address: it counts once the link in the mail to it is used. */
  async changeEmail(email: string): Promise<EmailAddress[]> {
    return addresses(await this.asSignedIn("POST", "account/email", { email }));
  }

  /** Return what an invitation's key leads to; throws 410 for one that no longer works. */
  async previewInvitation(key: string): Promise<Invited> {
    return (await this.public("/api/invitations/preview/", { key })) as Invited;
  }

  /** Join the workspace; sign in afterwards. */
  async acceptInvitation(invitation: Acceptance): Promise<Joined> {
    return (await this.public("/api/invitations/accept/", invitation)) as Joined;
  }

  private async settle(answer: Answered): Promise<SignIn> {
    const token = answer.meta?.session_token;
    if (answer.status === 200 && token) {
      await this.options.tokens.set(token);
      return { state: "signed-in" };
    }
    const pending = answer.data?.flows?.some((flow) => flow.id === "mfa_authenticate" && flow.is_pending);
    if (answer.status === 401 && pending && token) return { state: "needs-code", pendingToken: token };
    throw refused(answer);
  }

  private async accepted(method: string, path: string, body: unknown, statuses: number[]): Promise<void> {
    const answer = await this.auth(method, path, body);
    if (!statuses.includes(answer.status)) throw refused(answer);
  }

  private async asSignedIn(method: string, path: string, body?: unknown, statuses = [200]): Promise<AuthAnswer> {
    const answer = await this.auth(method, path, body, await this.options.tokens.get());
    // A new password, for one, takes the session on under another token.
    if (answer.meta?.session_token) await this.options.tokens.set(answer.meta.session_token);
    if (!statuses.includes(answer.status)) throw refused(answer);
    return answer;
  }

  private async auth(method: string, path: string, body?: unknown, token?: string | null): Promise<Answered> {
    const { response, said } = await this.send(method, `/_allauth/app/v1/${path}`, body, token);
    return { ...(said as AuthAnswer | null), status: response.status, response, said };
  }

  private async public(path: string, body: unknown): Promise<unknown> {
    const { response, said } = await this.send("POST", path, body);
    if (!response.ok) throw new ApiError(asProblem(said, response), response);
    return said;
  }

  private async send(
    method: string,
    path: string,
    body?: unknown,
    token?: string | null,
  ): Promise<{ response: Response; said: unknown }> {
    const headers = new Headers({ Accept: "application/json" });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    if (token) headers.set("X-Session-Token", token);
    const response = await this.options.transport.send(`${this.options.baseUrl}${path}`, {
      method,
      headers,
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { response, said: await response.json().catch(() => null) };
  }
}

function addresses(answer: AuthAnswer): EmailAddress[] {
  return answer.data as unknown as EmailAddress[];
}

const WAYS: Readonly<Record<string, "password" | "code">> = { reauthenticate: "password", mfa_reauthenticate: "code" };

function refused(answer: Answered): ApiError {
  const problem = problemOf(answer);
  if (answer.status === 401 && answer.meta?.is_authenticated) {
    const ways = (answer.data?.flows ?? []).flatMap(({ id }) => WAYS[id] ?? []);
    return new ReauthenticationRequired(problem, answer.response, ways);
  }
  return new ApiError(problem, answer.response);
}

function problemOf({ response, said, errors: messages = [] }: Answered): Problem {
  const problem = asProblem(said, response);
  const first = messages[0];
  if (first === undefined) return problem;
  const errors: Record<string, string[]> = {};
  const codes: Record<string, string[]> = {};
  for (const { param = "", message, code = "invalid" } of messages) {
    (errors[param] ??= []).push(message);
    (codes[param] ??= []).push(code);
  }
  return { ...problem, detail: first.message, errors, codes };
}
