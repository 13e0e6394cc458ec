"""The commit in every answer of a Worker with JavaScript of its own, on workerd: the shapes that a main module can have."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from ci_wasm.adapters.shim_source import read_proof_source
from ci_wasm.adapters.workerd_config import ModuleKind, Program, ProgramModule
from ci_wasm.adapters.workerd_runtime import WorkerdRuntime, find_workerd
from ci_wasm.core.entry import entry_modules
from ci_wasm.core.script import ModuleType, Script, WorkerModule
from ci_wasm.errors import DeployError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEADER = "x-ci-wasm-commit"

Start = Callable[[str], httpx.Client]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    runtime, numbers = WorkerdRuntime(find_workerd()), itertools.count()
    folder = tmp_path_factory.mktemp("proof")
    with ExitStack() as stack:
        stack.callback(runtime.close)

        def start_one(source: str) -> httpx.Client:
            script = Script((WorkerModule("dir/main.js", ModuleType.ES_MODULE, source.encode()),))
            made = entry_modules(script, commit=COMMIT, proof_source=read_proof_source())
            files = tuple(ProgramModule(module.name, ModuleKind.ES_MODULE, module.content) for module in made)
            place = folder / str(next(numbers))
            runtime.install(Program(files, "2026-07-01", (), {"GREETING": "hello"}), place)
            process = runtime.start(place)
            stack.callback(process.stop, 0)
            transport = httpx.HTTPTransport(uds=str(process.socket))
            return stack.enter_context(httpx.Client(transport=transport, base_url="http://proof.test"))

        yield start_one


@pytest.mark.parametrize(
    "main",
    [
        "export default { fetch(request, env) { return new Response(env.GREETING); } };",
        "export default { fetch: async (request, env, ctx) => new Response(env.GREETING) };",
        "export default Object.freeze({ fetch(request, env) { return new Response(env.GREETING); } });",
        # What frameworks give: an instance whose handler needs its own `this`, private fields included.
        """class App { #text = (env) => env.GREETING; fetch(request, env) { return new Response(this.#text(env)); } }
           const app = new App(); export { app as default };""",
        """import { WorkerEntrypoint } from "cloudflare:workers";
           export default class extends WorkerEntrypoint {
             #text() { return this.env.GREETING; }
             fetch() { return new Response(this.#text()); } }""",
        # What worker-build writes: a proxy of a class, whose instances are proxies of objects.
        """import { WorkerEntrypoint } from "cloudflare:workers";
           class Entrypoint extends WorkerEntrypoint {}
           Entrypoint.prototype.fetch = function (request) { return new Response(this.env.GREETING); };
           export default new Proxy(Entrypoint, { construct: (target, given, made) =>
             new Proxy({ instance: Reflect.construct(target, given, made) },
               { get: (box, name) => Reflect.get(box.instance, name) }) });""",
    ],
)
def test_each_shape_answers_as_it_did_and_with_the_commit(start: Start, main: str) -> None:
    response = start(main).get("/")

    assert (response.status_code, response.text, response.headers[HEADER]) == (200, "hello", COMMIT)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ('Response.redirect("https://example.com/", 302)', 302),
        ("new Response(null, { status: 204 })", 204),
        ('new Response("no", { status: 418, statusText: "I am", headers: { a: "b" } })', 418),
        (f'new Response("x", {{ headers: {{ "{HEADER}": "forged" }} }})', 200),
        ("caches.default.match(request).then((hit) => hit ?? new Response(\"miss\"))", 200),
    ],
)  # fmt: skip
def test_any_answer_keeps_what_it_is(start: Start, answer: str, status: int) -> None:
    response = start(f"export default {{ fetch(request) {{ return {answer}; }} }};").get("/")

    assert (response.status_code, response.headers[HEADER]) == (status, COMMIT)
    if status == 418:
        assert (response.headers["a"], response.text, response.reason_phrase) == ("b", "no", "I am")


def test_a_stream_comes_through_unread(start: Start) -> None:
    client = start("""export default { fetch() {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      (async () => { for (let i = 0; i < 3; i++) await writer.write(new TextEncoder().encode(`${i} `)); writer.close(); })();
      return new Response(readable); } };""")

    assert client.get("/").text == "0 1 2 "


def test_an_error_stays_the_workers_own(start: Start) -> None:
    client = start("""export default { fetch(request) {
      if (new URL(request.url).pathname === "/none") return undefined;
      throw new Error("mine"); } };""")

    assert client.get("/").status_code == 500
    assert client.get("/none").status_code == 500


def test_other_handlers_and_exports_are_there_and_a_handler_of_its_own_sees_itself(start: Start) -> None:
    client = start("""
      import * as entry from "../ci-wasm-entry.js";
      export class Room {}
      export default {
        seen: "itself",
        scheduled() { return this.seen; },
        async fetch() { return Response.json({
          names: Object.keys(entry).sort(), same: entry.Room === Room, other: entry.default.scheduled(),
          email: "email" in entry.default, scheduled: "scheduled" in entry.default }); } };""")

    assert client.get("/").json() == {
        "names": ["Room", "default"],
        "same": True,
        "other": "itself",
        "email": False,
        "scheduled": True,
    }


def test_what_does_not_start_says_why_in_the_workers_own_words(start: Start) -> None:
    with pytest.raises(DeployError, match="ReferenceError: nobody is not defined"):
        start("nobody; export default {};")
