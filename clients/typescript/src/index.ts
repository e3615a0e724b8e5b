export type { Client } from "openapi-fetch";

export { type Workspace, type WorkspaceOptions, publicApi, workspace } from "./client.js";
export { type Download, download, fileName } from "./files.js";
export { IdempotencyKey, idempotencyKey } from "./idempotency.js";
export { type ListPath, type PageOf, type RowOf, cursorOf, eachPage, pages } from "./pages.js";
export {
  type Answer,
  ApiError,
  type FieldError,
  type Problem,
  type ProblemCode,
  type ProblemOf,
  unwrap,
} from "./problem.js";
export type { components as PublicComponents, paths as PublicPaths } from "./public.js";
export { type AuthenticatorApp, type RecoveryCodes, SecondFactor } from "./second-factor.js";
export {
  type Acceptance,
  type Credentials,
  type EmailAddress,
  type Invited,
  type Joined,
  type Proof,
  ReauthenticationRequired,
  Session,
  type SignedIn,
  type SignIn,
} from "./session.js";
export type { components as TenantComponents, paths as TenantPaths } from "./tenant.js";
export { type TokenStore, inMemory } from "./tokens.js";
export type { Connection, Fetch, HeaderSource, StaticHeaders } from "./transport.js";
export { type Versioned, ifMatch, versioned } from "./versions.js";
