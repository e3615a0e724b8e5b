/** A client over fetch and zod's validators, from each document. */
const generated = (name, client, file) => ({
  input: `../../docs/openapi/${name}.yaml`,
  output: {
    target: `out/orval/${file}.ts`,
    client,
    override: { zod: { generateEachHttpStatus: true } }, // or there is a validator of 200 alone
  },
});

module.exports = Object.fromEntries(
  ["public", "tenant"].flatMap((name) => [
    [name, generated(name, "fetch", name)],
    [`${name}-zod`, generated(name, "zod", `${name}.zod`)],
  ]),
);
