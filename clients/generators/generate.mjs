/** Lets each generator make a client of each document, into out/, and compiles all of it strictly. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const documents = process.env.OPENAPI_DOCUMENTS ?? resolve(here, "../../docs/openapi");

function run(program, ...args) {
  try {
    execFileSync(resolve(here, "node_modules/.bin", program), args, {
      cwd: here, encoding: "utf8", env: { ...process.env, OPENAPI_DOCUMENTS: documents },
    });
  } catch (error) {
    console.error(`${program} ${args.join(" ")}\n${error.stdout}\n${error.stderr}`);
    process.exit(1);
  }
}

rmSync(resolve(here, "out"), { recursive: true, force: true });
mkdirSync(resolve(here, "out"));
for (const name of ["public", "tenant"]) {
  run("openapi-typescript", resolve(documents, `${name}.yaml`), "-o", `out/openapi-typescript/${name}.ts`);
}
run("orval", "--config", "orval.config.cjs");
run("openapi-ts");
run("tsc");
writeFileSync(resolve(here, "out/js/package.json"), '{ "type": "module" }\n');
