"""GitHub forge: keeps the port `Forge` over GitHub's REST API. (URL, repository, token) -> GitHubForge."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ci_wasm.adapters.github_checks import CommitChecks
from ci_wasm.adapters.github_client import TIMEOUT_S, Client
from ci_wasm.adapters.github_comment import StickyComment
from ci_wasm.adapters.github_data_branch import DataBranch
from ci_wasm.adapters.github_labels import Labels
from ci_wasm.core.check_run import CheckRun, CommitStatus
from ci_wasm.core.waiver import BranchTip, Labeling


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

    def labelings(self, pull_request: int) -> Sequence[Labeling]:
        """Every setting and taking off of a label, the oldest first."""
        return Labels(self._client).labelings(pull_request)

    def permission(self, login: str) -> str:
        """A user's permission for the repository: `admin`, `write`, `read` or `none`, whatever it comes from."""
        return Labels(self._client).permission(login)

    def branch_tip(self, branch: str, fork: int | None = None) -> BranchTip | None:
        """Where GitHub's log of pushes has the branch, None where it has nothing; `fork` is a repository's id."""
        return Labels(self._client).branch_tip(branch, fork)

    def put_check_run(self, check: CheckRun) -> str:
        """Create a check run, once for each `external_id`; gives its URL."""
        return CommitChecks(self._client).put_check_run(check)

    def put_status(self, status: CommitStatus) -> None:
        """Create a commit status."""
        CommitChecks(self._client).put_status(status)

    def read_file(self, branch: str, path: str) -> bytes | None:
        """A file's content on a branch, None where branch or file is missing."""
        return DataBranch(self._client, branch).read(path)

    def write_file(self, branch: str, path: str, content: bytes, message: str) -> None:
        """Commit one file to a data branch, made without history when missing; many may write at once."""
        DataBranch(self._client, branch).write(path, content, message)
