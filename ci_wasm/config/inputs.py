"""Inputs: what the step's `with:` and the runner's environment say. environment -> Inputs.

The runner passes the input `github-token` as INPUT_GITHUB-TOKEN: upper case, spaces to underscores, dashes kept.
Unset inputs arrive as empty texts, so empty means unset. action.yml is tested against INPUTS.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from ci_wasm.config.secret import Secret
from ci_wasm.errors import ConfigError

# name -> (default, description for action.yml and the documentation)
INPUTS: dict[str, tuple[str, str]] = {
    "config": ("ci-wasm.yml", "Path of the configuration file, relative to the repository's root."),
    "working-directory": (
        "",
        "Folder that holds the configuration and the crate, relative to the repository's root. Default: the root.",
    ),
    "github-token": (
        "${{ github.token }}",
        "Token for the comment, the check run, the labels of exceptions and the recorded baselines.",
    ),
    "cloudflare-api-token": (
        "",
        "Cloudflare API token with the permission Workers Scripts Write. Without it the preview runs on the runner.",
    ),
    "cloudflare-account-id": ("", "The Cloudflare account that previews are deployed to."),
    "preview": ("", "Overrides `preview.strategy` of the configuration file: auto, previews, local or none."),
    "comment": ("true", "Whether to comment on the pull request: true or false."),
    "checks": (
        "check-run",
        "How the commit shows the verdict: `check-run`, `commit-status`, `both`, or `none` but the job itself.",
    ),
    "report-directory": (
        "ci-wasm-report",
        "Folder for report.json, report.html and comment.md, relative to the repository's root.",
    ),
}

CHECKS = ("check-run", "commit-status", "both", "none")

OUTPUTS: dict[str, str] = {
    "conclusion": "success or failure.",
    "headline": "The verdict in one line.",
    "preview-url": "URL of the pull request's preview; empty when there is none, local when nobody else can reach it.",
    "report": "Path of report.json, relative to the repository's root.",
    "report-html": "Path of report.html, a page with a treemap of the code; empty where it could not be made.",
    "comment": "Path of the comment as Markdown, relative to the repository's root.",
    "comment-url": "URL of the pull-request comment; empty when none was posted.",
    "raw-bytes": "Size of the shipped modules together, in bytes.",
    "gzip-bytes": "The same after gzip -9.",
    "growth-bytes": "How much the shipped modules grew against their base, in bytes; empty when there is no base.",
}


class Inputs(Struct, frozen=True):
    """The step's inputs. `preview` is empty when the configuration file decides, and checked together with it.

    `comment` is False only where the input says so: a report about a mistyped input is posted, too.
    """

    config: str
    working_directory: str
    github_token: Secret
    cloudflare_api_token: Secret
    cloudflare_account_id: str
    cloudflare_api_url: str
    preview: str
    comment: bool
    comment_text: str
    checks: str
    report_directory: str


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read INPUT_* (and the variables that wrangler's users know); `check_inputs` says what is wrong with them.

    CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_BASE_URL are wrangler's own variables:
    https://developers.cloudflare.com/workers/wrangler/system-environment-variables/
    """

    def text(name: str) -> str:
        default = INPUTS[name][0]
        given = environ.get(f"INPUT_{name.upper()}", "").strip()
        return given or ("" if default.startswith("${{") else default)

    return Inputs(
        config=text("config"),
        working_directory=text("working-directory"),
        github_token=Secret(text("github-token") or environ.get("GITHUB_TOKEN", "")),
        cloudflare_api_token=Secret(text("cloudflare-api-token") or environ.get("CLOUDFLARE_API_TOKEN", "")),
        cloudflare_account_id=text("cloudflare-account-id") or environ.get("CLOUDFLARE_ACCOUNT_ID", ""),
        cloudflare_api_url=environ.get("CLOUDFLARE_API_BASE_URL", "")
        or "https://api.cloudflare.com/client/v4",
        preview=text("preview"),
        comment=text("comment").lower() != "false",
        comment_text=text("comment"),
        checks=text("checks"),
        report_directory=text("report-directory"),
    )


def check_inputs(inputs: Inputs, root: Path) -> None:
    """Raise ConfigError for an input that cannot be meant; `root` is the checkout."""
    if inputs.comment_text.lower() not in {"true", "false"}:
        raise ConfigError(
            f"the input `comment` is `{inputs.comment_text}`, which is neither `true` nor `false`",
            cure="Write `comment: true` or `comment: false` under `with:`.",
        )
    if inputs.checks not in CHECKS:
        raise ConfigError(
            f"the input `checks` is `{inputs.checks}`, which is none of {', '.join(CHECKS)}",
            cure="Write one of them under `with:`, or leave `checks` out for a check run.",
        )
    if not (root / inputs.working_directory).is_dir():
        raise ConfigError(
            f"the input `working-directory` is `{inputs.working_directory}`, and there is no such folder",
            cure="Give the folder that holds the crate, relative to the repository's root, and check the repository out "
            "before ci-wasm (`uses: actions/checkout`).",
        )
    for name, place in (
        ("working-directory", inputs.working_directory),
        ("report-directory", inputs.report_directory),
    ):
        if not (root / place).resolve().is_relative_to(root.resolve()):
            raise ConfigError(
                f"the input `{name}` is `{place}`, which leaves the repository",
                cure=f"Give `{name}` as a path below the repository's root.",
            )
