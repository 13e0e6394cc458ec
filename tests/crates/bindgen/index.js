import { greet } from "./pkg/bindgen.js";
export default { fetch: (request) => new Response(greet(new URL(request.url).searchParams.get("name") ?? "nobody")) };
