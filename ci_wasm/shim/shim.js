// Serves the exports of one WebAssembly module over HTTP; docs/shim.md is its specification.
//
// This file is uploaded as it stands: what differs from Worker to Worker comes as data, in manifest.json (imported as
// text) and module.wasm (imported as a compiled WebAssembly.Module), so that no name from a module ever becomes code.

import manifestText from "./manifest.json";
import wasmModule from "./module.wasm";

const manifest = JSON.parse(manifestText);
// Own entries only: an export may be called `__proto__` or `constructor`.
const served = new Map(manifest.exports.map((entry) => [entry.name, entry]));

// Instantiated here, in global scope, so that a request never pays for it and a module that cannot start is refused
// when it is uploaded. A trap leaves memory and globals half-changed: the instance is thrown away then.
let instance = instantiate();

export default {
  async fetch(request) {
    return withoutBodyIfHead(request, await (manifest.http ? answerHttp(request) : answer(request)));
  },
};

async function answer(request) {
  const url = new URL(request.url);
  const bytes = url.pathname === "/" && manifest.bytes;
  if (bytes && request.method === "POST") return answerBytes(request);

  let name;
  try {
    name = decodeURIComponent(url.pathname.slice(1));
  } catch {
    return json(400, { error: "the path is not valid percent-encoded UTF-8" });
  }
  const entry = served.get(name);
  if (name !== "" && !entry) {
    return json(404, { error: "no such export", export: clip(name), exports: [...served.keys()] });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    const allow = bytes ? "GET, HEAD, POST" : "GET, HEAD";
    return json(405, { error: "method not allowed", method: request.method, allow }, { allow });
  }
  return entry ? answerExport(entry, url.searchParams) : json(200, index());
}

function index() {
  const { worker, commit, bytes, notServed } = manifest;
  const exports = manifest.exports.map((entry) => ({
    name: entry.name,
    signature: entry.signature,
    usage: usage(entry),
  }));
  return { worker, commit, exports, bytes: bytes ? { abi: 1, usage: "POST /" } : null, notServed };
}

// ---------------------------------------------------------------------------------------------------------------------
// Numeric exports: GET /<export>?a=…&b=… (or ?0=…&1=…) -> {"export": …, "result": …}

function answerExport(entry, search) {
  const { values, problems } = readArguments(entry, search);
  if (problems.length > 0) {
    return json(400, { error: "bad arguments", export: entry.name, usage: usage(entry), problems });
  }
  let result;
  try {
    result = current().exports[entry.name](...values);
  } catch (error) {
    return trapped(entry.name, error);
  }
  const shown = entry.results.length > 1 ? Array.from(result, showNumber) : showNumber(result);
  return json(200, { export: entry.name, result: shown }, cacheHeaders());
}

// The letter of the first 26 parameters; every parameter also goes by its position.
const argumentName = (position) => (position < 26 ? String.fromCharCode(97 + position) : String(position));

function usage(entry) {
  const query = entry.params.map((type, position) => `${argumentName(position)}=<${type}>`).join("&");
  return `/${encodeURIComponent(entry.name)}${query && "?"}${query}`;
}

function readArguments(entry, search) {
  const count = entry.params.length;
  const positions = new Map();
  for (let position = 0; position < count; position++) {
    positions.set(argumentName(position), position);
    positions.set(String(position), position);
  }
  const texts = new Map();
  const problems = [];
  for (const [key, text] of search) {
    const position = positions.get(key);
    if (position === undefined) {
      problems.push({ argument: clip(key), problem: `unknown: \`${clip(entry.name)}\` takes ${plural(count)}` });
    } else if (texts.has(position)) {
      problems.push({ argument: clip(key), problem: "given more than once" });
    } else {
      texts.set(position, text);
    }
  }
  const values = entry.params.map((type, position) => {
    const text = texts.get(position);
    const { value, problem } = text === undefined ? { problem: `missing (${type})` } : PARSERS[type](text);
    if (problem) problems.push({ argument: argumentName(position), problem });
    return value;
  });
  return { values, problems };
}

const plural = (count) => (count === 1 ? "1 argument" : `${count} arguments`);

const PARSERS = {
  i32: (text) => parseInteger(text, "i32", 32n, Number),
  i64: (text) => parseInteger(text, "i64", 64n, (value) => value),
  f32: (text) => parseFloatingPoint(text, "f32", Math.fround),
  f64: (text) => parseFloatingPoint(text, "f64", (value) => value),
};

// WebAssembly's integers have no sign of their own, so both readings of the same bits are taken: -1 and 2^32 - 1.
function parseInteger(text, type, bits, convert) {
  if (!/^-?[0-9]+$/.test(text)) return { problem: `\`${clip(text)}\` is not a decimal integer (${type})` };
  const value = BigInt(text);
  const [least, most] = [-(2n ** (bits - 1n)), 2n ** bits - 1n];
  if (value < least || value > most) return { problem: `\`${clip(text)}\` is out of range (${type}: ${least} to ${most})` };
  return { value: convert(value) };
}

function parseFloatingPoint(text, type, round) {
  if (/^nan$/i.test(text)) return { value: NaN };
  const infinity = /^(-?)inf(inity)?$/i.exec(text);
  if (infinity) return { value: infinity[1] ? -Infinity : Infinity };
  if (!/^-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$/i.test(text)) {
    return { problem: `\`${clip(text)}\` is not a decimal number, NaN, Infinity or -Infinity (${type})` };
  }
  const value = round(Number(text));
  if (!Number.isFinite(value)) return { problem: `\`${clip(text)}\` is out of range (${type})` };
  return { value };
}

// JSON's numbers end where a double stops to count; what it cannot say is text: "9007199254740993", "NaN", "-0".
function showNumber(value) {
  if (value === undefined) return null;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
}

// ---------------------------------------------------------------------------------------------------------------------
// Bytes ABI, version 1: POST / with a body -> bytes. HTTP ABI, version 2: an HTTP/1.1 message -> an HTTP/1.1 message

const answerBytes = (request) => answerWith("handle", request, [], bytesResponse);
const answerHttp = (request) => answerWith("handle_http", request, [requestHead(request)], httpResponse);

async function answerWith(name, request, head, respond) {
  const body = await readBody(request);
  if (!body) return json(413, { error: "the body is too large", limit: LARGEST_BODY });
  try {
    // From here on nothing waits, so no other request can come in between.
    return respond(callWithBytes(current().exports, name, [...head, ...body]));
  } catch (error) {
    return trapped(name, error);
  }
}

const bytesResponse = (output) => new Response(output, { headers: headers({ "content-type": "application/octet-stream" }) });

function requestHead(request) {
  const { pathname, search } = new URL(request.url);
  const fields = [...request.headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`${request.method} ${pathname}${search} HTTP/1.1\r\n${fields.join("")}\r\n`);
}

// The grammar is RFC 9112's, with one way to write each thing: CRLF, no folded lines, printable ASCII.
const STATUS_LINE = /^HTTP\/1\.1 ([2-5][0-9][0-9]) [\x20-\x7e]*$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\t]*)$/;
// The runtime frames the body.
const FRAMING = new Set(["connection", "content-length", "transfer-encoding"]);

function httpResponse(message) {
  const end = endOfHead(message);
  const [first, ...lines] = new TextDecoder("latin1").decode(message.subarray(0, end)).split("\r\n");
  const status = Number(read(STATUS_LINE, first)[1]);
  const fields = new Headers();
  for (const line of lines) {
    const [, name, value] = read(FIELD_LINE, line);
    if (!FRAMING.has(name.toLowerCase())) fields.append(name, value);
  }
  const ours = headers(status < 300 ? cacheHeaders() : {});
  if (!fields.has("cache-control")) fields.set("cache-control", ours["cache-control"]);
  fields.set("x-ci-wasm-commit", manifest.commit);
  const body = [204, 205, 304].includes(status) ? null : message.subarray(end + 4);
  // "manual": a body with `content-encoding` is encoded already.
  return new Response(body, { status, headers: fields, encodeBody: "manual" });
}

function endOfHead(message) {
  const isEnd = (at) => [13, 10, 13, 10].every((byte, offset) => message[at + offset] === byte);
  let at = message.indexOf(13);
  while (at !== -1 && !isEnd(at)) at = message.indexOf(13, at + 1);
  if (at === -1) throw new SyntaxError("the module's answer has no empty line after its head");
  return at;
}

function read(pattern, line) {
  const found = pattern.exec(line);
  if (!found) throw new SyntaxError(`the module's answer is not an HTTP/1.1 message: ${JSON.stringify(clip(line))}`);
  return found;
}

// ---------------------------------------------------------------------------------------------------------------------
// Bodies and the module's memory

const LARGEST_BODY = 32 * 1024 * 1024;

// The pieces of a body, or nothing where it is too large; a body that does not say its length is counted as it comes.
async function readBody(request) {
  if (Number(request.headers.get("content-length")) > LARGEST_BODY) return undefined;
  const pieces = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.length;
    if (size > LARGEST_BODY) return undefined;
    pieces.push(piece);
  }
  return pieces;
}

// Writes the pieces one after another into memory of the module, calls the export, and gives a copy of what it answers.
function callWithBytes(exports, name, pieces) {
  const { memory, alloc, dealloc } = exports;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // Allocators need not know what zero bytes are.
  const room = Math.max(length, 1);
  const input = alloc(room) >>> 0;
  const target = region(memory, input, room);
  let at = 0;
  for (const piece of pieces) {
    target.set(piece, at);
    at += piece.length;
  }
  const packed = BigInt.asUintN(64, exports[name](input, length));
  const [pointer, size] = [Number(packed >> 32n), Number(packed & 0xffffffffn)];
  // The memory may have grown, which detaches older views: look again, and copy before it is freed.
  const output = region(memory, pointer, size).slice();
  dealloc(input, room);
  if (size > 0) dealloc(pointer, size);
  return output;
}

function region(memory, pointer, length) {
  if (length > 0 && pointer === 0) throw new RangeError("the module gave a null pointer");
  if (pointer + length > memory.buffer.byteLength) {
    throw new RangeError(`the module gave ${length} bytes at ${pointer}, which is outside of its memory`);
  }
  return new Uint8Array(memory.buffer, pointer, length);
}

// ---------------------------------------------------------------------------------------------------------------------
// The instance

function instantiate() {
  const created = new WebAssembly.Instance(wasmModule);
  if (manifest.initialize) created.exports._initialize();
  return created;
}

function current() {
  instance ??= instantiate();
  return instance;
}

function trapped(name, error) {
  instance = undefined;
  const { worker, commit } = manifest;
  return json(500, { error: "trap", export: name, message: clip(String(error?.message ?? error)), worker, commit });
}

// ---------------------------------------------------------------------------------------------------------------------
// Answers

function json(status, value, extra = {}) {
  return new Response(JSON.stringify(value) + "\n", {
    status,
    headers: headers({ "content-type": "application/json; charset=utf-8", ...extra }),
  });
}

function headers(extra) {
  return { "cache-control": "no-store", "x-ci-wasm-commit": manifest.commit, ...extra };
}

const cacheHeaders = () => (manifest.cacheControl ? { "cache-control": manifest.cacheControl } : {});

function withoutBodyIfHead(request, response) {
  return request.method === "HEAD" ? new Response(null, response) : response;
}

const clip = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
