/**
 * Writes src/*.d.ts from the OpenAPI documents; with --check, says whether they are as they would be written.
 *
 * As `openapi-typescript` on the command line does, but that a file is a `Blob`, not a text.
 */
import { readFile, writeFile } from "node:fs/promises";

import openapiTS, { COMMENT_HEADER, astToString } from "openapi-typescript";
import ts from "typescript";

const BLOB = ts.factory.createTypeReferenceNode("Blob");
const isFile = (schema) =>
  schema.type === "string" &&
  (schema.format === "binary" || (schema.contentMediaType !== undefined && schema.contentEncoding === undefined));

async function written(name) {
  const document = new URL(`../../../docs/openapi/${name}.yaml`, import.meta.url);
  const types = await openapiTS(document, {
    transform: (schema) => (isFile(schema) ? BLOB : undefined),
  });
  return COMMENT_HEADER + astToString(types);
}

for (const name of ["public", "tenant"]) {
  const target = new URL(`../src/${name}.d.ts`, import.meta.url);
  const fresh = await written(name);
  if (!process.argv.includes("--check")) {
    await writeFile(target, fresh);
  } else if (fresh !== (await readFile(target, "utf8"))) {
    console.error(`src/${name}.d.ts is not what docs/openapi/${name}.yaml says: npm run types`);
    process.exitCode = 1;
  }
}
