/** What the client's types promise: this file compiles, and each `@ts-expect-error` is one. */
import {
  ApiError,
  IdempotencyKey,
  type RowOf,
  type TenantComponents,
  type TenantPaths,
  download,
  eachPage,
  ifMatch,
  inMemory,
  pages,
  publicApi,
  unwrap,
  versioned,
  workspace,
} from "@newconcierge/client";

type IsAny<T> = 0 extends 1 & T ? true : false;
const never = <T extends false>(_: T): void => undefined;

// Options may be undefined, headers a function.
const host: string | undefined = undefined;
const { api, session } = workspace({
  baseUrl: "https://api.example.com",
  tenantHost: host,
  tokens: inMemory(),
  headers: async () => ({ "Accept-Language": host }),
});
const shop = publicApi({ baseUrl: "", fetch: (url, init) => globalThis.fetch(url, init) });

export async function calls(): Promise<void> {
  const plans = unwrap(await shop.GET("/api/billing/plans/"));
  const amount: number | undefined = plans[0]?.prices[0]?.unit_amount;
  never<IsAny<typeof plans>>(false);
  const body = {
    organization: "Sunny Court", subdomain: "sunny", email: "eleni@sunny.example", first_name: "Eleni", last_name: "P",
    plan: "starter", interval: "month" as const,
  };
  await shop.POST("/api/billing/checkout/", { body, headers: new IdempotencyKey().headers });
  // @ts-expect-error no such interval
  await shop.POST("/api/billing/checkout/", { body: { ...body, interval: "week" } });
  // @ts-expect-error no such address
  await shop.GET("/api/billing/plan/");
  console.log(amount);
}

export async function lists(building: number): Promise<void> {
  for await (const apartment of pages(api, "/api/apartments/", { params: { query: { building } } })) {
    const number: string = apartment.number;
    never<IsAny<typeof apartment>>(false);
    console.log(number);
  }
  for await (const page of eachPage(api, "/api/requests/{id}/comments/", { params: { path: { id: 1 } } })) {
    console.log(page.results.length, page.next);
  }
  // @ts-expect-error not a list
  pages(api, "/api/me/");
  // @ts-expect-error which request?
  pages(api, "/api/requests/{id}/comments/");
  const row: RowOf<TenantPaths, "/api/apartments/"> | TenantComponents["schemas"]["Apartment"] | null = null;
  console.log(row);
}

export async function versions(id: number): Promise<void> {
  const seen = versioned(await api.GET("/api/buildings/{id}/", { params: { path: { id } } }));
  const name: string = seen.data.name;
  await api.PATCH("/api/buildings/{id}/", { params: { path: { id } }, body: { name }, headers: ifMatch(seen) });
}

export async function files(file: File, id: number): Promise<Blob> {
  await api.POST("/api/files/", { body: { file } });
  // @ts-expect-error a text is no file
  await api.POST("/api/files/", { body: { file: "a.png" } });
  // @ts-expect-error a download is read as a stream
  download(await api.GET("/api/expenses/{id}/attachment/", { params: { path: { id } }, parseAs: "text" }));
  return download(await api.GET("/api/expenses/{id}/attachment/", { params: { path: { id } }, parseAs: "stream" })).blob();
}

export function refusals(error: unknown): Record<string, string[]> | undefined {
  if (!(error instanceof ApiError)) throw error;
  if (error.is("invalid-input")) {
    const byField: Record<string, string[]> = error.problem.errors;
    return byField;
  }
  // @ts-expect-error no such kind
  error.is("no-such-kind");
  const perhaps: Record<string, string[]> | undefined = error.problem.errors;
  return perhaps;
}

export async function people(): Promise<string> {
  const found = await session.signIn({ email: "", password: "" });
  if (found.state === "needs-code") await session.enterCode(found.pendingToken, "000000");
  // @ts-expect-error there is none once it is done
  if (found.state === "signed-in") console.log(found.pendingToken);
  const joined = await session.acceptInvitation({ key: "", password: "", first_name: "", last_name: "" });
  return joined.email;
}
