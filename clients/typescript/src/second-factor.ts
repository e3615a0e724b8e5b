import type { AuthAnswer } from "./session.js";

/** An authenticator app that may be set up: show `url` as a QR code, or `secret` to type. */
export type AuthenticatorApp = { active: true } | { active: false; secret: string; url: string };

/** Codes for whoever has lost the app: each works once. */
export interface RecoveryCodes {
  /** The codes that are left; null where they have been shown before. */
  unused: string[] | null;
  left: number;
  total: number;
}

interface AppMeta {
  secret: string;
  totp_url: string;
}

interface CodesData {
  total_code_count: number;
  unused_code_count: number;
  unused_codes?: string[];
}

type Call = (method: string, path: string, body?: unknown, expected?: number[]) => Promise<AuthAnswer>;

/**
 * The second factor of whoever is signed in.
 *
 * Each of these may throw `ReauthenticationRequired`: reauthenticate, then ask again.
 */
export class SecondFactor {
  constructor(private readonly call: Call) {}

  /** Whether an app is set up, or what is needed to set one up. */
  async app(): Promise<AuthenticatorApp> {
    const { status, meta } = await this.call("GET", "account/authenticators/totp", undefined, [200, 404]);
    if (status === 200) return { active: true };
    const { secret, totp_url: url } = meta as unknown as AppMeta;
    return { active: false, secret, url };
  }

  /** Switch it on with a code of the app. There are recovery codes from then on: show them. */
  async activate(code: string): Promise<void> {
    await this.call("POST", "account/authenticators/totp", { code });
  }

  /** Switch it off. */
  async deactivate(): Promise<void> {
    await this.call("DELETE", "account/authenticators/totp");
  }

  /** The recovery codes that are left: themselves once after they were made, then how many. */
  async recoveryCodes(): Promise<RecoveryCodes> {
    return asCodes(await this.call("GET", "account/authenticators/recovery-codes"));
  }

  /** New ones, in place of all that were given out before. */
  async renewRecoveryCodes(): Promise<RecoveryCodes> {
    return asCodes(await this.call("POST", "account/authenticators/recovery-codes", {}));
  }
}

function asCodes({ data }: AuthAnswer): RecoveryCodes {
  const { unused_codes: unused = null, unused_code_count: left, total_code_count: total } = data as unknown as CodesData;
  return { unused, left, total };
}
