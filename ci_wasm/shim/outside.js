// What lies outside of a Worker on the local edge: no network but the origins that the edge was told, and a cache.
//
// `fetch()` fails with a reason instead of workerd's "internal error", and a TCP socket gets no peer. Each origin is a
// binding of its own that leads to its one address, so that nothing a URL says can lead elsewhere.

import { WorkerEntrypoint } from "cloudflare:workers";
export { Cache } from "./cache.js";

const refuse = (what) => {
  throw new Error(`the local edge has no network: ${what} was not sent; see \`--reach\` in ci-wasm's docs/edge.md`);
};

export class Network extends WorkerEntrypoint {
  fetch(request) {
    const origin = this.env.ORIGINS.indexOf(new URL(request.url).origin);
    if (origin < 0) refuse(`${request.method} ${request.url}`);
    // The Worker's own fetch() follows redirects, through here again.
    return this.env[`ORIGIN_${origin}`].fetch(request, { redirect: "manual" });
  }

  connect() {
    refuse("a TCP connection");
  }
}

export default {
  fetch() {
    return new Response(null, { status: 404 });
  },
};
