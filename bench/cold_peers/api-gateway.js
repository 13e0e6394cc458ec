// The example api-gateway, in JavaScript, as far as a request goes that needs no upstream: health, request id, 404.

const ID = /^[\w.-]{1,64}$/;

export default {
  fetch(request) {
    const given = request.headers.get("x-request-id");
    const id = given && ID.test(given) ? given : crypto.randomUUID();
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return new Response("ok\n", { headers: { "x-request-id": id } });
    return Response.json(
      { status: 404, title: "Not Found", instance: id },
      { status: 404, headers: { "content-type": "application/problem+json", "x-request-id": id } },
    );
  },
};
