"""Git: the checkout that the run works on. (folder of a checkout) -> commits and worktrees.

Git runs programs that a repository's own configuration names. What it does not need for these few calls is turned
off: hooks, the file system monitor, prompts. Submodules are not checked out in a worktree. A checkout that belongs to
another user (in an action's container it does: the runner's) is accepted for this one folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ci_wasm.adapters.child_environment import child_environment
from ci_wasm.adapters.process import Finished, run
from ci_wasm.core.history import Commit
from ci_wasm.errors import CiWasmError, ConfigError

_ANSWER_SECONDS = 60.0
_CHECKOUT_SECONDS = 900.0
_MAX_DETAIL = 2_000
_FETCH_CURE = "Have the whole history fetched: give actions/checkout `fetch-depth: 0` under `with:`."


class GitRepository:
    """Keeps the `Repository` port with the git that PATH names. `root` may lie below the checkout's top."""

    def __init__(self, root: Path, environ: Mapping[str, str] | None = None) -> None:
        self._root = root
        known = os.environ if environ is None else environ
        self._environ = {**child_environment(known), **_settings([root, *_workspace(root, known)])}

    def head(self) -> str:
        """The full SHA of the checked-out commit. Raises ConfigError (no repository, no commit)."""
        commit = self.resolve("HEAD")
        if commit is None:
            raise ConfigError(f"{self._root} has no commit yet", cure="Commit something first.")
        return commit

    def resolve(self, revision: str) -> str | None:
        """The full SHA of the commit that a revision names, None where there is no such commit here."""
        answer = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return answer.stdout.decode("ascii").strip() if answer.returncode == 0 else None

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None where the history that was fetched does not reach it."""
        commits = [self.resolve(one), self.resolve(other)]
        if None in commits:
            return None
        answer = self._git("merge-base", *filter(None, commits))
        return answer.stdout.decode("ascii").strip() if answer.returncode == 0 else None

    def first_parents(self, commit: str, count: int) -> list[Commit]:
        """A commit, its first parent, that one's, …: at most `count`, fewer where no more was fetched."""
        found = self.resolve(commit)
        if found is None:
            return []
        answer = self._git("log", "--first-parent", "--format=%H %ct", f"--max-count={count}", found)
        rows = (line.split() for line in answer.stdout.decode("ascii").splitlines())
        return [Commit(sha, int(date)) for sha, date in rows]

    def in_order(self, commits: Sequence[str]) -> list[str] | None:
        """Commits (whole or their first digits) with parents before children; None where one is not known here.

        Also None where the first and the last are more than some 25,000 commits apart: the answer would be too long.
        """
        commits = list(dict.fromkeys(commits))
        revisions = [f"{commit}^{{commit}}" for commit in commits]
        found = self._git("rev-list", "--no-walk=unsorted", "--end-of-options", *revisions)
        if found.returncode != 0:
            return None
        known = dict(zip(commits, found.stdout.decode("ascii").split(), strict=True))
        # Nothing older than their common ancestor is looked at: some repositories have a million commits.
        base = self._git("merge-base", "--octopus", *known.values())
        older = [f"{base.stdout.decode('ascii').strip()}^@"] if base.returncode == 0 else []
        answer = self._git("rev-list", "--topo-order", *known.values(), "--not", *older)
        places = {sha: -place for place, sha in enumerate(answer.stdout.decode("ascii").split())}
        return None if answer.is_cut else sorted(known, key=lambda commit: places[known[commit]])

    def describe_dirty(self) -> bool:
        """Whether files differ from the checked-out commit, new ones that are not ignored included."""
        answer = self._git("status", "--porcelain", "--ignore-submodules=all", "--untracked-files=normal")
        if answer.returncode != 0:
            raise ConfigError(
                "Git cannot tell what was changed here", cure="Read git's words.", detail=_words(answer)
            )
        return bool(answer.stdout.strip())

    @contextlib.contextmanager
    def worktree(self, commit: str) -> Iterator[Path]:
        """A clean checkout of `commit` in a folder of its own, removed afterwards.

        Gives the folder that is in it what `root` is in the checkout. It does not lie below RUNNER_TEMP, and everybody
        may read it: the build may be another user (see sandbox). Raises ConfigError (no such commit, or git refuses).
        """
        found = self.resolve(commit)
        if found is None:
            raise ConfigError(f"The commit {commit[:80]} is not in this checkout", cure=_FETCH_CURE)
        below_top = os.fsdecode(self._git("rev-parse", "--show-prefix").stdout.removesuffix(b"\n"))
        parent = Path(tempfile.mkdtemp(prefix="ci-wasm-tree-"))
        parent.chmod(0o755)
        # All worktrees have paths of one length, so that a path in a panic message is as long for base as for head.
        tree = parent / found[:12]
        try:
            self._add(tree, found)
            yield tree / below_top
        finally:
            # Pruning forgets worktrees whose folder is gone.
            shutil.rmtree(parent, ignore_errors=True)
            with contextlib.suppress(CiWasmError):
                self._git("worktree", "prune")

    def _add(self, tree: Path, commit: str) -> None:
        answer = self._git("worktree", "add", "--detach", str(tree), commit, seconds=_CHECKOUT_SECONDS)
        if answer.returncode != 0:
            raise ConfigError(
                f"Git cannot check out the commit {commit} a second time",
                cure=_FETCH_CURE,
                detail=_words(answer),
            )

    def _git(self, *arguments: str, seconds: float = _ANSWER_SECONDS) -> Finished:
        """One call of git. Raises ConfigError when `root` is no checkout, or belongs to somebody who is not trusted."""
        if not self._root.is_dir():
            raise ConfigError(f"There is no folder {self._root}", cure="Start ci-wasm in a checkout.")
        answer = run(("git", *arguments), environ=self._environ, cwd=self._root, timeout=seconds)
        if answer.returncode == 0:
            return answer
        if "not a git repository" in answer.error_text:
            raise ConfigError(
                f"{self._root} is not in a git repository",
                cure="Check the repository out first (`uses: actions/checkout` before ci-wasm; at home, `git init`).",
                detail=_words(answer),
            )
        if "dubious ownership" in answer.error_text:
            raise ConfigError(
                f"{self._root} belongs to another user, so git does not read it",
                cure="Start ci-wasm as the owner, or in the checkout's top folder.",
                detail=_words(answer),
            )
        return answer


def _workspace(root: Path, environ: Mapping[str, str]) -> list[Path]:
    """The checkout of the job, where `root` is a folder in it: the folder whose owner git looks at."""
    workspace = environ.get("GITHUB_WORKSPACE")
    return [Path(workspace)] if workspace and root.resolve().is_relative_to(Path(workspace).resolve()) else []


def _settings(trusted: Sequence[Path]) -> dict[str, str]:
    """Git's variables for its calls; settings by GIT_CONFIG_COUNT are stronger than any file (git-config(1))."""
    settings = [("core.hooksPath", os.devnull), ("core.fsmonitor", "false")]
    settings += [("safe.directory", str(folder.resolve())) for folder in trusted]
    variables = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "GIT_OPTIONAL_LOCKS": "0"}
    variables["GIT_CONFIG_COUNT"] = str(len(settings))
    for index, (key, value) in enumerate(settings):
        variables[f"GIT_CONFIG_KEY_{index}"] = key
        variables[f"GIT_CONFIG_VALUE_{index}"] = value
    return variables


def _words(answer: Finished) -> str:
    return answer.error_text[-_MAX_DETAIL:]
