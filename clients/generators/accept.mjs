/**
 * Whether the validators take our answers: `node accept.mjs < answers.json`, a list of
 * {document, operation, status, body}. Prints what each generator's validators say of each that they refuse.
 */
import { text } from "node:stream/consumers";

const words = (operation) => operation.split("_").map((word) => word[0].toUpperCase() + word.slice(1)).join("");
const GENERATORS = {
  orval: {
    file: (name) => `./out/js/orval/${name}.zod.js`,
    validator: (of, status) => `${of[0].toLowerCase()}${of.slice(1)}${status}Response`,
  },
  "hey-api": { file: (name) => `./out/js/hey-api/${name}/zod.gen.js`, validator: (of) => `z${of}Response` },
};

const answers = JSON.parse(await text(process.stdin));
const refused = [];
let taken = 0;
for (const [generator, { file, validator }] of Object.entries(GENERATORS)) {
  for (const { document, operation, status, body } of answers) {
    const validators = await import(file(document));
    const name = validator(words(operation), status);
    const result = validators[name]?.safeParse(body);
    if (result?.success) {
      taken += 1;
      continue;
    }
    const why = result ? result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) : [`no ${name}`];
    refused.push({ generator, operation, status, why: why.slice(0, 5) });
  }
}
console.log(JSON.stringify({ taken, refused }));
