/** Writes dist/ anew: what tsc makes, and the types of the API, which tsc only reads. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

// `npm pack` right after a clone: what builds it is not there yet. Only npm's own line belongs on stdout.
if (!existsSync(here("node_modules"))) {
  execFileSync("npm", ["ci"], { cwd: here("."), stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
}
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

rmSync(here("dist"), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "--project", here("tsconfig.json")], { stdio: "inherit" });
for (const name of ["public", "tenant"]) copyFileSync(here(`src/${name}.d.ts`), here(`dist/${name}.d.ts`));
