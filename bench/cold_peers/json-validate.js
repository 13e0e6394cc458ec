// The example json-validate, in JavaScript, as far as a request goes that brings no document: how to use it, and refusals.

const USAGE = "POST /validate/NAME with a JSON document\nPOST /validate with {\"schema\": …, \"instance\": …}\nGET /schemas, GET /schemas/NAME\n";
const KEPT = { "cache-control": "max-age=300" };

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    const reads = request.method === "GET" || request.method === "HEAD";
    if (pathname === "/" && reads) return new Response(USAGE, { headers: KEPT });
    if (pathname === "/schemas" && reads) return Response.json(["address", "order"], { headers: KEPT });
    if (pathname.startsWith("/validate")) return Response.json({ error: "POST a document" }, { status: 405, headers: { allow: "POST" } });
    return Response.json({ error: "there is no such path" }, { status: 404 });
  },
};
