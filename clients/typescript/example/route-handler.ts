/**
 * A Next.js route handler, `app/api/workspace/[...path]/route.ts`: the browser talks to the site, the site
 * to the API. The token stays in an http-only cookie and never reaches the page's JavaScript.
 *
 * Written against web standards alone (Request, Response), as route handlers are.
 */
const API = process.env["CONCIERGE_API_URL"] ?? "https://api.example.com";
const COOKIE = "__Host-workspace";

export async function handle(request: Request, path: string[]): Promise<Response> {
  const { tenantHost, token } = readCookie(request.headers.get("cookie") ?? "");
  if (!tenantHost || !token) return Response.json({ detail: "Please sign in." }, { status: 401 });
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const answer = await fetch(`${API}/api/${path.map(encodeURIComponent).join("/")}/${new URL(request.url).search}`, {
    method: request.method,
    headers: {
      ...forwarded(request.headers, ["content-type", "accept-language", "idempotency-key", "if-match"]),
      Authorization: `Bearer ${token}`,
      "X-Tenant-Host": tenantHost,
    },
    ...(hasBody ? { body: await request.arrayBuffer() } : {}),
    cache: "no-store",
    signal: AbortSignal.timeout(15_000),
  });
  const headers = forwarded(answer.headers, ["content-type", "etag", "retry-after"]);
  return new Response(answer.body, { status: answer.status, headers });
}

function readCookie(header: string): { tenantHost?: string; token?: string } {
  const pair = header.split(/; */).find((each) => each.startsWith(`${COOKIE}=`));
  const [tenantHost, token] = decodeURIComponent(pair?.slice(COOKIE.length + 1) ?? "").split("|");
  return { ...(tenantHost ? { tenantHost } : {}), ...(token ? { token } : {}) };
}

function forwarded(headers: Headers, names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
