import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import type { NextConfig } from "next";

const SECURITY = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  // Keys of invitations and passwords stand in addresses: they stay on this site.
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=()" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
];

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  turbopack: { root: dirname(fileURLToPath(import.meta.url)) },
  // A photo in a form; Vercel takes bodies of at most 4.5 MB (lib/photo.ts).
  experimental: { serverActions: { bodySizeLimit: "4.4mb" } },
  headers: async () => [{ source: "/:path*", headers: SECURITY }],
};

export default config;
