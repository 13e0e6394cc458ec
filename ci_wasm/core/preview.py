"""Preview: where a Worker answers for a pull request, and what it answered. (Deployment, smoke answers) -> Preview."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ci_wasm.core.finding import Finding, FindingKind, Severity

# The header by which a preview proves which commit it runs; the generated shim sets it.
COMMIT_HEADER = "x-ci-wasm-commit"


class SmokeRequest(Struct, frozen=True):
    """One HTTP request to the preview and what its answer must hold.

    `expect_headers` are texts that headers of the answer must contain, by their names in lower case.
    """

    path: str
    method: str = "GET"
    status: int = 200
    contains: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    expect_headers: tuple[tuple[str, str], ...] = ()


class SmokeAnswer(Struct, frozen=True):
    """What came back. `body` is the beginning of the body, decoded leniently; `milliseconds` is wall time.

    `headers` are those that the request expects, as far as the answer has them; several of one name are one text.
    """

    request: SmokeRequest
    status: int
    body: str
    commit: str | None
    milliseconds: float
    headers: tuple[tuple[str, str], ...] = ()


class Deployment(Struct, frozen=True):
    """What the Workers API made: the URL that follows the pull request and the one that stays with this upload.

    `startup_ms` is what the API says that starting the upload took, in whole milliseconds; None where it says nothing.
    """

    url: str
    deployment_url: str
    deployment_id: str
    startup_ms: int | None = None


class Preview(Struct, frozen=True):
    """A deployed preview and its smoke answers. `public` is False for one that lived only on this machine."""

    deployment: Deployment
    answers: tuple[SmokeAnswer, ...]
    public: bool

    @property
    def startup_ms(self) -> int | None:
        """What Cloudflare needed to start it, in milliseconds; the local edge's figure is that of this machine."""
        return self.deployment.startup_ms if self.public else None


def preview_name(pull_request: int) -> str:
    """The name (and slug) of a pull request's preview: it starts with a letter, as Cloudflare's aliases must."""
    return f"pr-{pull_request}"


def smoke_findings(preview: Preview, commit: str) -> list[Finding]:
    """Judge the answers: a wrong status, a missing text, or a commit that is not the one that was deployed."""
    findings = [finding for answer in preview.answers if (finding := _judge(answer)) is not None]
    if stale := _stale(preview.answers, commit):
        findings.append(stale)
    return findings


def _judge(answer: SmokeAnswer) -> Finding | None:
    request = answer.request
    if answer.status != request.status:
        problem = f"answered {answer.status} where {request.status} was expected"
    elif request.contains not in answer.body:
        problem = f"answered {answer.status}, but its body does not contain `{request.contains}`"
    elif not (problem := _header_problem(answer)):
        return None
    return Finding(
        FindingKind.SMOKE_FAILED,
        Severity.ERROR,
        f"{request.method} {request.path}",
        f"`{request.method} {request.path}` {problem}: {_excerpt(answer.body)}",
        "Run `ci-wasm preview` and request this path; if the new answer is right, change `smoke` in ci-wasm.yml.",
    )


def _header_problem(answer: SmokeAnswer) -> str:
    given = dict(answer.headers)
    for name, text in answer.request.expect_headers:
        if name not in given:
            return f"answered {answer.status}, but without the header `{name}`"
        if text not in given[name]:
            return f"answered {answer.status} with `{name}: {given[name]}`, which does not contain `{text}`"
    return ""


def _excerpt(body: str) -> str:
    text = " ".join(body.split())
    return (text[:160] + "…") if len(text) > 160 else text or "(empty body)"


def _stale(answers: Sequence[SmokeAnswer], commit: str) -> Finding | None:
    others = sorted({answer.commit for answer in answers if answer.commit and answer.commit != commit})
    if not others:
        return None
    return Finding(
        FindingKind.STALE_PREVIEW,
        Severity.ERROR,
        COMMIT_HEADER,
        f"the preview answers with commit {others[0][:12]}, but {commit[:12]} was deployed",
        "Run the job again; if it stays, two runs deploy to one preview at the same time: "
        "give the workflow a `concurrency` group per pull request.",
    )
