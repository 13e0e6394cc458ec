// The example edge-logic, in JavaScript: a variant that sticks, a country rule, a flag, and headers on every answer.

const HEADERS = {
  "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "private, no-store",
};

export default {
  fetch(request, env) {
    const response = answer(request, env);
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    return response;
  },
};

function answer(request, env) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("only GET and HEAD\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  const country = request.cf?.country;
  const blocked = (env.BLOCKED_COUNTRIES ?? "").split(",").map((code) => code.trim().toUpperCase());
  if (country && blocked.includes(country)) return new Response("not available in your country\n", { status: 451 });
  const { pathname } = new URL(request.url);
  if (pathname === "/health") return new Response("ok\n");
  if (pathname !== "/") return new Response("not found\n", { status: 404 });
  const known = /(?:^|;)\s*variant=([ab])\s*(?:;|$)/.exec(request.headers.get("cookie") ?? "")?.[1];
  const variant = known ?? (Math.random() < 0.5 ? "a" : "b");
  const checkout = env.NEW_CHECKOUT === "on" || env.NEW_CHECKOUT === "true" ? "new" : "old";
  const response = new Response(`variant ${variant}, ${checkout} checkout, from ${country ?? "nowhere"}\n`);
  if (!known) {
    response.headers.set("set-cookie", `variant=${variant}; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax`);
  }
  return response;
}
