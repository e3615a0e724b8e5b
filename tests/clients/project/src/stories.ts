/**
 * What a site does with the client: `node out/src/stories.js <story>`, told by a line of JSON on stdin what it needs
 * to know. The story's result is the one line on stdout.
 */
import { createHmac } from "node:crypto";
import { text } from "node:stream/consumers";

import {
  ApiError,
  IdempotencyKey,
  ReauthenticationRequired,
  type Workspace,
  type WorkspaceOptions,
  download,
  eachPage,
  ifMatch,
  inMemory,
  pages,
  unwrap,
  versioned,
  workspace,
} from "@newconcierge/client";

interface Told {
  baseUrl: string;
  tenantHost: string;
  address: string;
  email: string;
  password: string;
  token: string;
  [more: string]: string;
}



const told = JSON.parse(await text(process.stdin)) as Told;

function open(more: Partial<WorkspaceOptions> = {}): Workspace {
  return workspace({
    baseUrl: told.baseUrl,
    tenantHost: told.tenantHost,
    tokens: inMemory(told.token || null),
    headers: async () => ({ "X-Forwarded-For": told.address }),
    ...more,
  });
}

async function refusal(work: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await work.then(
    () => new Error("nothing was refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw error;
  return error;
}

/** What an authenticator app shows (RFC 6238). */
function codeOf(secret: string, at = Date.now()): string {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 0xf) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const stories: Record<string, () => Promise<unknown>> = {
  async lists() {
    const asked: string[] = [];
    const { api } = open({
      async fetch(url, init) {
        asked.push(url);
        const page = (await (await fetch(url, init)).json()) as { next: string | null };
        const next = page.next && `https://elsewhere.example/another/way/${new URL(page.next).search}`;
        return Response.json({ ...page, next });
      },
    });
    const rows: string[] = [];
    const query = { page_size: 2, ordering: "name" };
    for await (const row of pages(api, "/api/buildings/", { params: { query } })) rows.push(row.name);
    let whole = 0;
    for await (const page of eachPage(api, "/api/buildings/", { params: { query } })) whole += page.results.length;
    for await (const _first of pages(api, "/api/buildings/", { params: { query } })) break; // asks for no more
    return { rows, whole, asked };
  },

  async versions() {
    const { api } = open();
    const params = { path: { id: Number(told["building"]) } };
    const mine = versioned(await api.GET("/api/buildings/{id}/", { params }));
    const theirs = versioned(await api.PATCH("/api/buildings/{id}/", { params, body: { notes: "theirs" }, headers: ifMatch(mine) }));
    const late = api.PATCH("/api/buildings/{id}/", { params, body: { notes: "mine" }, headers: ifMatch(mine) }).then(unwrap);
    const error = await refusal(late);
    const weak = { etag: `W/${theirs.etag}` }; // as a proxy that compresses makes of it
    const again = unwrap(await api.PATCH("/api/buildings/{id}/", { params, body: { notes: "again" }, headers: ifMatch(weak) }));
    return { status: error.status, code: error.code, changed: error.is("changed-meanwhile"), notes: again.notes };
  },

  async repeated() {
    let lost = 0;
    const { api } = open({
      retries: 2,
      async fetch(url, init) {
        const answer = await fetch(url, init);
        if (lost++ === 0) throw new TypeError("fetch failed"); // after the server has done it
        return answer;
      },
    });
    const body = { name: told["name"] ?? "", address: "Akti 1" };
    const first = await api.POST("/api/buildings/", { body });
    const key = new IdempotencyKey();
    const post = async () => unwrap(await api.POST("/api/announcements/", { body: { title: "Water", body: "Off." }, headers: key.headers }));
    const [one, other] = [await post(), await post()];
    return { sent: lost, status: first.response.status, replayed: first.response.headers.get("Idempotent-Replayed"), same: one.id === other.id };
  },

  async sent() {
    const seen: { url: string; body: string; headers: string[] }[] = [];
    const { api, session } = open({
      fetch(url, init) {
        const { body } = init ?? {};
        const headers = [...new Headers(init?.headers).keys()];
        seen.push({ url: typeof url, body: body instanceof Uint8Array ? "bytes" : typeof body, headers });
        return fetch(url, init);
      },
    });
    await session.signIn({ email: told.email, password: told.password });
    await api.PATCH("/api/me/", { body: { first_name: "Elena" } });
    await api.POST("/api/files/", { body: { file: png("a.png") } });
    await api.GET("/api/me/");
    return seen;
  },

  async renewed() {
    const tokens = inMemory("a-token-that-has-ended");
    let renewals = 0;
    const { api } = open({
      tokens,
      onSignedOut: async (session) => {
        renewals += 1;
        return (await session.signIn({ email: told.email, password: told.password })).state === "signed-in";
      },
    });
    const body = { name: told["name"] ?? "", address: "Akti 1" };
    const all = await Promise.all([api.GET("/api/me/"), api.POST("/api/buildings/", { body }), api.GET("/api/members/")]);
    return { renewals, statuses: all.map(({ response }) => response.status) };
  },

  async refused() {
    const { api, session } = open();
    const field = await refusal(api.POST("/api/buildings/", { body: { name: "", address: "Akti 1" } }).then(unwrap));
    const password = await refusal(session.signIn({ email: told.email, password: "not-the-word-1" }));
    const greek = open({ headers: { "Accept-Language": "el", "X-Forwarded-For": told.address } });
    const stranger = await refusal(greek.api.GET("/api/buildings/{id}/", { params: { path: { id: 987654 } } }).then(unwrap));
    const nobody = await refusal(open({ tokens: inMemory() }).api.GET("/api/me/").then(unwrap));
    return {
      field: { status: field.status, invalid: field.is("invalid-input"), message: field.on("name")[0]?.message },
      password: { status: password.status, code: password.on("password")[0]?.code, message: password.message },
      greek: stranger.message,
      nobody: nobody.status,
    };
  },

  async secondFactor() {
    const { session } = open({ tokens: inMemory() });
    const factor = session.secondFactor;
    const { email, password } = told;
    await session.signIn({ email, password });
    const app = await factor.app();
    if (app.active) throw new Error("switched on already");
    await session.reauthenticate({ password });
    await factor.activate(codeOf(app.secret));
    const { unused, left, total } = await factor.recoveryCodes();
    await session.signOut();

    const asked = await session.signIn({ email, password });
    if (asked.state !== "needs-code") throw new Error(asked.state);
    const half = await session.current();
    const wrong = await refusal(session.enterCode(asked.pendingToken, "000000"));
    const entered = await session.enterCode(asked.pendingToken, unused?.[0] ?? "");
    const who = await session.current();
    await session.signOut();
    return { url: app.url.slice(0, 15), total, left, half, wrong: [wrong.status, wrong.on("code").length], entered: entered.state, who: who?.email };
  },

  /** Signed in a while ago: the delicate asks for a proof. */
  async reauthenticated() {
    const { session } = open();
    const error = await refusal(session.changeEmail(told["newEmail"] ?? ""));
    const ways = error instanceof ReauthenticationRequired ? error.ways : [];
    const wrong = await refusal(session.reauthenticate({ password: "not-the-word-1" }));
    await session.reauthenticate({ password: told.password });
    const addresses = await session.changeEmail(told["newEmail"] ?? "");
    return { status: error.status, ways, wrong: wrong.status, waiting: addresses.filter((each) => !each.verified).map((each) => each.email) };
  },

  async passwords() {
    const tokens = inMemory();
    const { api, session } = open({ tokens });
    const { email } = told;
    await session.setPassword(told["key"] ?? "", told.password);
    const spent = await refusal(session.setPassword(told["key"] ?? "", told.password));
    await session.signIn({ email, password: told.password });
    await session.changePassword(told.password, "another-courtyard-43");
    const still = (await api.GET("/api/me/")).response.status; // the session went on under another token
    await session.signOut();
    const old = await refusal(session.signIn({ email, password: told.password }));
    const next = await session.signIn({ email, password: "another-courtyard-43" });
    await session.requestPasswordReset(email);
    await session.requestPasswordReset("nobody@nowhere.example");
    return { spent: spent.status, still, old: old.status, next: next.state, left: (await tokens.get()) !== null };
  },

  async confirmed() {
    const { session } = open();
    await session.confirmEmail(told["key"] ?? "");
    const again = await refusal(session.confirmEmail(told["key"] ?? ""));
    return { again: again.status, addresses: await session.emailAddresses() };
  },

  async invited() {
    const { session } = open({ tokens: inMemory() });
    const key = told["key"] ?? "";
    const invited = await session.previewInvitation(key);
    const joined = await session.acceptInvitation({ key, password: told.password, first_name: "Maria", last_name: "Sideri" });
    const spent = await refusal(session.acceptInvitation({ key, password: told.password, first_name: "Maria", last_name: "Sideri" }));
    const { state } = await session.signIn({ email: joined.email, password: told.password });
    return { invited: invited.email, joined: joined.email, spent: spent.status, state };
  },

  async files() {
    const { api } = open();
    const { id } = unwrap(await api.POST("/api/files/", { body: { file: png("Ο λογαριασμός του ανελκυστήρα.png") } }));
    const period = Number(told["period"]);
    const body = { period, category: "lift" as const, amount: 5000, spent_on: "2026-10-01", attachment: id };
    const expense = unwrap(await api.POST("/api/expenses/", { body }));
    const params = { path: { id: expense.id } };
    const bill = download(await api.GET("/api/expenses/{id}/attachment/", { params, parseAs: "stream" }));
    const blob = await bill.blob();
    const none = api.GET("/api/expenses/{id}/attachment/", { params: { path: { id: 987654 } }, parseAs: "stream" });
    const missing = await refusal(none.then(download));
    return { name: bill.fileName, type: bill.contentType, size: bill.size, got: blob.size, kind: blob.type, missing: missing.status };
  },

  /** Two kinds of waiting that come to an end: the client's own, and the caller's. */
  async late() {
    const name = async (work: Promise<unknown>) => work.then(() => "answered", (error: unknown) => (error as Error).name);
    const hanging: WorkspaceOptions["fetch"] = (_url, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)));
    const { api, session } = open({ fetch: hanging, timeout: 50 });
    const patient = open({ fetch: hanging, timeout: 0 });
    const soon = new AbortController();
    setTimeout(() => soon.abort(), 500);
    return [
      await name(api.GET("/api/me/")),
      await name(session.signIn({ email: told.email, password: told.password })),
      await name(patient.api.GET("/api/me/", { signal: soon.signal })),
    ];
  },
};

function png(name: string): File {
  return new File([Buffer.from(told["png"] ?? "", "base64")], name, { type: "image/png" });
}

const story = stories[process.argv[2] ?? ""];
if (!story) throw new Error(`stories: ${Object.keys(stories).join(", ")}`);
console.log(JSON.stringify(await story()));
