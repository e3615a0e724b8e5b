import "server-only";

import { ApiError, ReauthenticationRequired } from "@newconcierge/client";
import { refresh } from "next/cache";

import type { FormState } from "@/lib/form-state";

import { submit } from "./forms";
import { enter, hostOf, type Member, turnAway } from "./workspace";

/** Do what a member's form asks for, then show the page as it is now. */
export async function asMember(
  rawHost: string,
  form: FormData,
  work: (member: Member) => Promise<FormState | void>,
): Promise<FormState> {
  const host = await hostOf(Promise.resolve({ host: rawHost }));
  return submit(form, async () => {
    const member = await enter(host);
    try {
      const said = await work(member);
      if (!said?.problem) refresh();
      return said;
    } catch (error) {
      return turnAwayFromForm(host, member, error);
    }
  });
}

/** A session or a subscription that has ended leads away; all else is said at the form. */
async function turnAwayFromForm(host: string, member: Member, error: unknown): Promise<never> {
  if (error instanceof ApiError && (error.isSuspended || (error.status === 401 && !(error instanceof ReauthenticationRequired)))) {
    return turnAway(host, error, member.owns);
  }
  throw error;
}
