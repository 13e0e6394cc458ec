"""GitHub's API on loopback, each call held against GitHub's own description. folder -> GitHubApi.

with GitHubApi(folder) as api:
    token = api.state.add_token("ghs_test")
    GitHubForge(api.url, api.state.repository, token)
assert api.violations == []
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes import github_contract as contract
from tests.fakes import github_shapes as shapes
from tests.fakes import github_verdict_routes as more_routes
from tests.fakes.github_git import GitStore
from tests.fakes.github_routes import Call, Failure, Reply, Route
from tests.fakes.github_state import GitHubState, Identity


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match; `path` is a regular expression.

    First it waits `seconds` and runs `act` (somebody else's deed). Then the answer is `status` with `body`
    and `headers`, or the real one where `status` is None; `after` carries the request out all the same, and
    `drop` closes the connection without a word.
    """

    method: str
    path: str
    status: int | None = 502
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    drop: bool = False
    seconds: float = 0
    act: Callable[[], object] = lambda: None
    times: int = 1


@dataclass(frozen=True)
class Seen:
    """One request and the status of its answer (0: none was sent)."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    status: int


class GitHubApi:
    """A server that lives as long as the `with` block. `folder` becomes the repository's git directory."""

    def __init__(self, folder: Path, *, repository: str = "octo-org/crates", prefix: str = "") -> None:
        self.state = GitHubState(repository, GitStore(folder))
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        self.violations: list[str] = []
        self.prefix = prefix
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    @property
    def url(self) -> str:
        """The API's URL, for GITHUB_API_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.prefix}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sent(self, method: str, path: str = "") -> list[Seen]:
        """The requests of a method whose path contains `path`."""
        return [each for each in self.requests if each.method == method and path in each.path]

    def fault_for(self, method: str, path: str) -> Fault | None:
        with self.state.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method == method and re.search(fault.path, path):
                    fault.times -= 1
                    return fault
        return None

    def answer(self, method: str, target: str, base: str, token: str, body: Any) -> Reply:
        """Carry one request out."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        who = self.state.tokens.get(token)
        if who is None:
            return Reply(401, shapes.error("Bad credentials", 401))
        if parts.path in ("/graphql", "/api/graphql"):
            return self._graphql(who, body)
        path = self._named(parts.path.removeprefix(self.prefix))
        for each in more_routes.ROUTES:
            match = contract.pattern(each.template).fullmatch(path) if each.method == method else None
            if match:
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                call = Call(self.state, who, base, names, query, body)
                return self._checked(each, call)
        return Reply(404, shapes.error("Not Found", 404))

    def _named(self, path: str) -> str:
        """The address of a repository by its id is the same as by its name, as in the links between pages."""
        match = re.fullmatch(r"/repositories/(\d+)(/.*)?", path)
        name = self.state.forks.get(int(match[1])) if match else None
        return f"/repos/{name}{match[2] or ''}" if match and name else path

    def _checked(self, route: Route, call: Call) -> Reply:
        problems = contract.request_problems(route.template, route.method, call.query, call.body)
        self.violations += problems
        if problems:
            return Reply(422, shapes.error("; ".join(problems), 422, []))
        with self.state.lock:
            try:
                self._permit(route, call)
                reply = route.handle(call)
            except Failure as failure:
                reply = failure.reply
        self.violations += contract.response_problems(route.template, route.method, reply.status, reply.body)
        return reply

    def _permit(self, route: Route, call: Call) -> None:
        owner, repo = call.path.get("owner"), call.path.get("repo")
        if owner and f"{owner}/{repo}" != self.state.repository:
            if f"{owner}/{repo}" in self.state.forks.values() and route.level == "read":
                return
            raise Failure(404, "Not Found")
        if route.scope is None or call.who.may(route.scope, route.level):
            if route.level == "write" and self.state.archived:
                raise Failure(403, "Repository was archived so is read-only.")
            return
        if self.state.private and not call.who.may(route.scope, "read"):
            raise Failure(404, "Not Found")
        if route.level == "write" or self.state.private:
            kind = "integration" if call.who.is_installation else "personal access token"
            raise Failure(403, f"Resource not accessible by {kind}")

    def _graphql(self, who: Identity, body: Any) -> Reply:
        if not self.state.has_graphql:
            return Reply(404, shapes.error("Not Found", 404))
        if re.sub(r"\s+", " ", body["query"]).strip() != "query { viewer { login } }":
            return Reply(200, {"errors": [{"message": "this server answers `viewer { login }` alone"}]})
        return Reply(200, {"data": {"viewer": {"login": who.login}}})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Six writers connect at once.
    request_queue_size = 64


def _handler(api: GitHubApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body leave in two writes: without this each answer waits 40 ms for an acknowledgment.
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            body = json.loads(raw) if raw else None
            fault = api.fault_for(self.command, self.path)
            reply = self._spoiled(fault, body) if fault else self._answer(body)
            api.requests.append(
                Seen(self.command, self.path, dict(self.headers), body, reply.status if reply else 0)
            )
            if reply is None:
                self.close_connection = True
            else:
                self._send(reply)

        def _spoiled(self, fault: Fault, body: Any) -> Reply | None:
            time.sleep(fault.seconds)
            fault.act()
            real = self._answer(body) if fault.after or (fault.status is None and not fault.drop) else None
            if fault.drop:
                return None
            return real if fault.status is None else Reply(fault.status, fault.body, fault.headers)

        def _answer(self, body: Any) -> Reply:
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
            base = f"http://{self.headers['Host']}{api.prefix}"
            known = token if scheme.lower() in ("token", "bearer") else ""
            return api.answer(self.command, self.path, base, known, body)

        def _send(self, reply: Reply) -> None:
            is_text = isinstance(reply.body, str)
            payload = (
                b""
                if reply.body is None
                else reply.body.encode()
                if is_text
                else json.dumps(reply.body).encode()
            )
            headers = {
                "Content-Type": "text/html" if is_text else "application/json; charset=utf-8",
                "Content-Length": str(len(payload)),
                "X-GitHub-Request-Id": shapes.node_id(self.path, len(api.requests)),
                "X-RateLimit-Limit": "1000",
                "X-RateLimit-Remaining": "900",
                **reply.headers,
            }
            try:
                self.send_response(reply.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - http.server calls them so

        def log_message(self, *_: object) -> None:
            """Say nothing: `GitHubApi.requests` has it all."""

    return Handler
