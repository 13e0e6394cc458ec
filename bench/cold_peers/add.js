// The example add, in JavaScript: two numbers of the query, checked as the shim checks them.

const INTEGER = /^[+-]?\d+$/;

export default {
  fetch(request) {
    const url = new URL(request.url);
    if (url.pathname !== "/add") return Response.json({ error: "no such export" }, { status: 404 });
    const [a, b] = ["a", "b"].map((name) => url.searchParams.get(name));
    for (const value of [a, b]) {
      if (value === null || !INTEGER.test(value)) return Response.json({ error: "bad arguments" }, { status: 400 });
    }
    return Response.json({ export: "add", result: (Number(a) + Number(b)) | 0 });
  },
};
