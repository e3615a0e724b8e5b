import "server-only";

import { ApiError, type PublicPaths, unwrap } from "@newconcierge/client";

import { shop } from "./api";

export type Signup = PublicPaths["/api/billing/signups/{signup_id}/"]["get"]["responses"][200]["content"]["application/json"];
export type TypedOrder = NonNullable<Signup["order"]>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Return the sign-up that a buyer comes back to, or null if there is none any more. */
export async function findSignup(id: string | undefined): Promise<Signup | null> {
  if (!id || !UUID.test(id)) return null;
  const api = await shop();
  return api
    .GET("/api/billing/signups/{signup_id}/", { params: { path: { signup_id: id } } })
    .then(unwrap)
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    });
}

/** Whether somebody has paid, so that the page to see is the one that tells of the workspace. */
export function isPaid(signup: Signup): signup is Signup & { session_id: string } {
  return signup.session_id !== null && ["paid", "provisioning", "ready", "failed"].includes(signup.status);
}
