/** A client over fetch and zod's validators, from each document. */
const documents = process.env.OPENAPI_DOCUMENTS ?? "../../docs/openapi";

const generated = (name, client, file) => ({
  input: `${documents}/${name}.yaml`,
  output: { target: `out/orval/${file}.ts`, client },
});

module.exports = Object.fromEntries(
  ["public", "tenant"].flatMap((name) => [
    [name, generated(name, "fetch", name)],
    [`${name}-zod`, generated(name, "zod", `${name}.zod`)],
  ]),
);
