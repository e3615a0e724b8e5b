/** One classic script, as a page that knows no modules would load it. */
export default {
  build: {
    outDir: "bundle",
    lib: { entry: "src/page.ts", formats: ["iife"], name: "page", fileName: () => "page.js" },
  },
};
