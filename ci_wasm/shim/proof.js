// Puts the commit into every answer of a Worker that has JavaScript of its own; docs/build.md tells how and why.
//
// This file is uploaded as it stands, in previews only. The Worker's own handlers are called with their own `this`.

const HEADER = "x-ci-wasm-commit";

export function prove(worker, commit) {
  if (typeof worker === "function") return proveClass(worker, commit);
  if (typeof worker?.fetch !== "function") return worker;
  // Not a proxy of the Worker itself: what a frozen object gives, no proxy of it may change.
  return new Proxy({}, {
    get(_, name) {
      const value = Reflect.get(worker, name);
      if (typeof value !== "function") return value;
      if (name !== "fetch") return value.bind(worker);
      return async (...given) => stamp(await value.apply(worker, given), commit);
    },
    has: (_, name) => Reflect.has(worker, name),
  });
}

function proveClass(Worker, commit) {
  if (typeof Worker.prototype?.fetch !== "function") return Worker;
  return class extends Worker {
    async fetch(...given) {
      return stamp(await super.fetch(...given), commit);
    }
  };
}

function stamp(response, commit) {
  if (!(response instanceof Response)) return response;
  try {
    response.headers.set(HEADER, commit);
    return response;
  } catch {
    // Headers of what fetch() gave cannot be changed. A copy keeps status, encoding and web socket.
    const copy = new Response(response.body, response);
    copy.headers.set(HEADER, commit);
    return copy;
  }
}
