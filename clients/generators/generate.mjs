/**
 * Lets each generator make a client of each document, into out/, and compiles all of it strictly.
 * With --if-stale only if the documents, the generators or their settings have changed since.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const documents = ["public", "tenant"].map((name) => resolve(here, `../../docs/openapi/${name}.yaml`));
const settings = ["package-lock.json", "orval.config.cjs", "openapi-ts.config.mjs", "tsconfig.json", "generate.mjs"];
const mark = resolve(here, "out/made-of");

function madeOf() {
  const hash = createHash("sha256");
  for (const file of [...documents, ...settings.map((name) => resolve(here, name))]) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function isFresh() {
  try {
    return readFileSync(mark, "utf8") === madeOf();
  } catch {
    return false;
  }
}

function run(program, ...args) {
  try {
    execFileSync(resolve(here, "node_modules/.bin", program), args, { cwd: here, encoding: "utf8" });
  } catch (error) {
    console.error(`${program} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
    process.exit(1);
  }
}

function generate() {
  rmSync(resolve(here, "out"), { recursive: true, force: true });
  mkdirSync(resolve(here, "out"));
  for (const [at, name] of ["public", "tenant"].entries()) {
    run("openapi-typescript", documents[at], "-o", `out/openapi-typescript/${name}.ts`);
  }
  run("orval", "--config", "orval.config.cjs");
  run("openapi-ts");
  run("tsc");
  writeFileSync(resolve(here, "out/js/package.json"), '{ "type": "module" }\n');
  writeFileSync(mark, madeOf());
}

if (!process.argv.includes("--if-stale") || !isFresh()) generate();
