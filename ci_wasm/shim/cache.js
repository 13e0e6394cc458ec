// The cache behind `caches` on the local edge: in memory, for as long as the Worker's process runs.
//
// workerd speaks HTTP to it: PUT brings a whole answer as text of HTTP/1.1, GET asks for it, PURGE removes it. What is
// kept, and for how long, follows https://developers.cloudflare.com/workers/runtime-apis/cache/

import { WorkerEntrypoint } from "cloudflare:workers";

// Of all answers together, beside the 128 MB that the Worker itself may take. The oldest go first.
const MOST_BYTES = 32 * 1024 * 1024;

// Seconds for answers that do not say, https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/
const USUAL_LIFE = { 200: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180 };

const kept = new Map(); // by key, least recently used first
let bytes = 0;

export class Cache extends WorkerEntrypoint {
  async fetch(request) {
    const key = `${request.headers.get("cf-cache-namespace") ?? ""} ${request.url}`;
    if (request.method === "PUT") return put(key, request);
    const answer = find(key);
    if (request.method === "PURGE") {
      forget(key);
      return new Response(null, { status: answer ? 200 : 404 });
    }
    if (!answer) return new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } });
    return hit(answer, request.headers);
  }
}

async function put(key, request) {
  const text = await readAll(request.body);
  const answer = text && parse(text);
  const life = answer ? lifetime(answer) : 0;
  if (life <= 0) return new Response(null, { status: 413 });
  forget(key);
  kept.set(key, { ...answer, born: Date.now() - age(answer) * 1000, ends: Date.now() + life * 1000 });
  bytes += answer.size;
  for (const oldest of kept.keys()) {
    if (bytes <= MOST_BYTES) break;
    forget(oldest);
  }
  return new Response(null, { status: 204 });
}

function find(key) {
  const answer = kept.get(key);
  if (!answer) return undefined;
  if (answer.ends <= Date.now()) return forget(key);
  kept.delete(key);
  kept.set(key, answer); // used last
  return answer;
}

function forget(key) {
  bytes -= kept.get(key)?.size ?? 0;
  kept.delete(key);
}

// All bytes of a stream, or null where they are more than the cache holds.
async function readAll(stream) {
  const chunks = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

// An answer as HTTP/1.1 writes it; workerd never splits the body into chunks here, whatever the headers say.
function parse(text) {
  const end = text.findIndex((byte, at) => byte === 13 && text[at + 1] === 10 && text[at + 2] === 13 && text[at + 3] === 10);
  const [first, ...lines] = new TextDecoder().decode(text.subarray(0, end)).split("\r\n");
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  headers.delete("transfer-encoding");
  const [, status, statusText] = /^\S+ (\d+) ?(.*)$/.exec(first);
  return { status: +status, statusText, headers, body: text.slice(end + 4), size: text.length };
}

function lifetime(answer) {
  const control = directives(answer.headers.get("cache-control"));
  const cookie = answer.headers.has("set-cookie");
  if (cookie && control.get("private") !== "set-cookie") return 0;
  if (cookie) answer.headers.delete("set-cookie");
  else if (control.has("private")) return 0;
  if (control.has("no-store") || control.has("no-cache")) return 0;
  const told = control.get("s-maxage") ?? control.get("max-age");
  if (told !== undefined) return Number(told) - age(answer) || 0;
  const expires = answer.headers.get("expires");
  if (expires !== null) return (Date.parse(expires) - Date.now()) / 1000 || 0;
  return USUAL_LIFE[answer.status] ?? 0;
}

function age(answer) {
  return Number(answer.headers.get("age")) || 0;
}

function directives(text) {
  const parts = (text ?? "").toLowerCase().matchAll(/([^\s,;="]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,"]*)))?/g);
  return new Map([...parts].map(([, name, quoted, plain]) => [name, quoted ?? plain ?? ""]));
}

function hit(answer, asked) {
  const headers = new Headers(answer.headers);
  headers.set("cf-cache-status", "HIT");
  headers.set("age", String(Math.floor((Date.now() - answer.born) / 1000)));
  if (isUnchanged(answer, asked)) return new Response(null, { status: 304, headers });
  const { status, statusText } = answer;
  const range = status === 200 ? requestedRange(asked.get("range"), answer.body.length) : undefined;
  if (range) {
    const [from, to] = range;
    headers.set("content-range", `bytes ${from}-${to - 1}/${answer.body.length}`);
    headers.set("content-length", String(to - from));
    return new Response(answer.body.slice(from, to), { status: 206, headers, encodeBody: "manual" });
  }
  // What was put in compressed is given out as it is.
  const body = [101, 204, 205, 304].includes(status) ? null : answer.body;
  return new Response(body, { status, statusText, headers, encodeBody: "manual" });
}

function isUnchanged(answer, asked) {
  const tags = asked.get("if-none-match");
  const own = answer.headers.get("etag");
  const plain = (tag) => tag.trim().replace(/^W\//, "");
  if (tags !== null) return own !== null && tags.split(",").some((tag) => tag.trim() === "*" || plain(tag) === plain(own));
  const since = Date.parse(asked.get("if-modified-since"));
  return Date.parse(answer.headers.get("last-modified")) <= since;
}

// [from, to) of a request for one range that the body has; several ranges get the whole body, which HTTP allows.
function requestedRange(text, length) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(text ?? "") ?? [];
  if (!first && !last) return undefined;
  const from = first ? Number(first) : Math.max(0, length - Number(last));
  const to = first && last ? Math.min(length, Number(last) + 1) : length;
  return from < to ? [from, to] : undefined;
}
