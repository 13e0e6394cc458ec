"""GitHub forge: keeps the port `Forge` over GitHub's REST API. (URL, repository, token) -> GitHubForge."""

from __future__ import annotations

import time
from collections.abc import Callable

from ci_wasm.adapters.github_client import TIMEOUT_S, Client
from ci_wasm.adapters.github_comment import StickyComment
from ci_wasm.adapters.github_data_branch import DataBranch


class GitHubForge:
    """One repository, as the token sees it; nothing is imported or sent before the first call.

    `api_url` is GITHUB_API_URL (https://api.github.com, or https://HOST/api/v3), `repository` is OWNER/NAME.
    Every method raises ForgeError where GitHub refuses, with the `permissions:` block that is missing, and
    NetworkError where it does not answer.
    """

    def __init__(
        self,
        api_url: str,
        repository: str,
        token: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        timeout: int = TIMEOUT_S,
    ) -> None:
        self._client = Client(api_url, repository, token, sleep=sleep, timeout=timeout)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._client!r})"

    def put_comment(self, pull_request: int, key: str, body: str) -> str:
        """Create or update the one comment that carries the marker of `key` and is ours; gives its URL."""
        return StickyComment(self._client, pull_request, key).put(body)

    def read_file(self, branch: str, path: str) -> bytes | None:
        """A file's content on a branch, None where branch or file is missing."""
        return DataBranch(self._client, branch).read(path)

    def write_file(self, branch: str, path: str, content: bytes, message: str) -> None:
        """Commit one file to a data branch, made without history when missing; many may write at once."""
        DataBranch(self._client, branch).write(path, content, message)
