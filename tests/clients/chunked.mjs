/** Loaded into the site's server: every body goes out in chunks, as it does where `fetch` is given a `Request`. */
const plain = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const body = init?.body;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return plain(input, init);
  return plain(input, { ...init, body: new Blob([body]).stream(), duplex: "half" });
};
