/** The client on a page: bundled by Vite, and driven by the tests in a real browser. */
import * as client from "@newconcierge/client";

declare global {
  interface Window {
    client: typeof client;
  }
}

window.client = client;
