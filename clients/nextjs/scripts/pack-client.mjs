/**
 * Packs the typed client beside us into vendor/, where package.json looks for it:
 *
 *     npm run client && npm ci
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const client = join(here, "..", "typescript");
const vendor = join(here, "vendor");
const npm = (...args) => execFileSync("npm", [...args, "--silent"], { cwd: client, stdio: ["ignore", "pipe", "inherit"] });

if (!existsSync(join(client, "node_modules"))) npm("ci");
mkdirSync(vendor, { recursive: true });
npm("pack", "--pack-destination", vendor); // builds it first

const { name, version } = JSON.parse(readFileSync(join(client, "package.json"), "utf8"));
const packed = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
renameSync(join(vendor, packed), join(vendor, "newconcierge-client.tgz"));
