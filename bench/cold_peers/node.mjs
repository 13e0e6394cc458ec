// Node: a handler written for Workers behind node:http, as a service that is started like any other.
//
// `node node.mjs HANDLER.js`: listens at the Unix socket `socket` of the working directory, and writes to the descriptor
// CONTROL when it does.

import { writeSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const { default: handler } = await import(pathToFileURL(process.argv[2]));
const env = JSON.parse(process.env.PEER_ENV ?? "{}");

const server = createServer(async (incoming, outgoing) => {
  const { method, headers } = incoming;
  const body = method === "GET" || method === "HEAD" ? undefined : await new Response(incoming).arrayBuffer();
  const answer = await handler.fetch(new Request(`http://${headers.host}${incoming.url}`, { method, headers, body }), env);
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
  outgoing.end(Buffer.from(await answer.arrayBuffer()));
});
server.listen("socket", () => writeSync(Number(process.env.CONTROL), '{"event":"listen"}\n'));
