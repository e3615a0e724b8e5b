/** A client over fetch and zod's validators, from each document. */
export default ["public", "tenant"].map((name) => ({
  input: `../../docs/openapi/${name}.yaml`,
  output: `out/hey-api/${name}`,
  plugins: ["@hey-api/typescript", "@hey-api/sdk", "@hey-api/client-fetch", "zod"],
  logs: { file: false },
}));
