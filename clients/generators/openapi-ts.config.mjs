/** A client over fetch and zod's validators, from each document. */
const documents = process.env.OPENAPI_DOCUMENTS ?? "../../docs/openapi";

export default ["public", "tenant"].map((name) => ({
  input: `${documents}/${name}.yaml`,
  output: `out/hey-api/${name}`,
  plugins: ["@hey-api/typescript", "@hey-api/sdk", "@hey-api/client-fetch", "zod"],
  logs: { file: false },
}));
