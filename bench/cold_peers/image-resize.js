// The example image-resize, in JavaScript, as far as a request goes that brings no image: how to use it, and refusals.

const USAGE = "POST an image to /resize?width=W&height=H&fit=cover|contain&quality=Q&format=jpeg|png|webp\n";
const text = (status, body, headers = {}) =>
  new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    const reads = request.method === "GET" || request.method === "HEAD";
    if (pathname === "/" && reads) return text(200, USAGE, { "cache-control": "public, max-age=3600" });
    if (pathname === "/") return text(405, "GET / tells how to use this", { allow: "GET, HEAD" });
    if (pathname === "/resize") return text(405, "POST an image", { allow: "POST" });
    return text(404, "there are / and /resize");
  },
};
