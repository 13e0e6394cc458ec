// What Go's runtime asks of a WASI host, for a Worker: a clock, randomness, a place for messages, and no files.
import module from "./checksum.wasm";

let memory;
const view = () => new DataView(memory.buffer);
const nothing = (count, size) => {
  view().setUint32(count, 0, true);
  view().setUint32(size, 0, true);
  return 0;
};
const wasi = {
  args_sizes_get: nothing,
  environ_sizes_get: nothing,
  args_get: () => 0,
  environ_get: () => 0,
  sched_yield: () => 0,
  poll_oneoff: () => 52, // ENOSYS: nobody sleeps here
  clock_time_get: (clock, precision, at) => (view().setBigUint64(at, BigInt(Date.now()) * 1000000n, true), 0),
  random_get: (at, length) => (crypto.getRandomValues(new Uint8Array(memory.buffer, at, length)), 0),
  fd_write: (file, parts, count, written) => {
    let total = 0;
    for (let at = parts; at < parts + 8 * count; at += 8) {
      const text = new Uint8Array(memory.buffer, view().getUint32(at, true), view().getUint32(at + 4, true));
      console.log(new TextDecoder().decode(text));
      total += text.length;
    }
    view().setUint32(written, total, true);
    return 0;
  },
  proc_exit: (code) => { throw new Error(`the module ended with status ${code}`); },
};

let started;
// Within a request: Workers have no randomness before the first one.
function start() {
  if (!started) {
    started = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi }).exports;
    memory = started.memory;
    started._initialize();
  }
  return started;
}

export default {
  fetch(request) {
    let crc = 0;
    for (const byte of new TextEncoder().encode(new URL(request.url).searchParams.get("text") ?? "")) {
      crc = start().crc32_step(crc, byte);
    }
    return new Response((crc >>> 0).toString(16).padStart(8, "0"));
  },
};
