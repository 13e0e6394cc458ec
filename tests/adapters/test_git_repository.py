"""The git adapter, on real repositories: whole, shallow, empty, dirty, somebody else's, hostile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ci_wasm.adapters.git_repository import GitRepository
from ci_wasm.errors import ConfigError, ToolMissingError
from tests.adapters.checkouts import GIT_ENVIRON, commit_all, git

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files to another user")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a base, a pull request's two commits and a merge of both, checked out."""
    root = tmp_path / "repository"
    (root / "crate").mkdir(parents=True)
    for name in ("base", "head"):
        if name == "head":
            git(root, "switch", "--quiet", "--create", "feature")
        (root / "crate" / "file.txt").write_text(name)
        commit_all(root, name)
        git(root, "tag", name)
    git(root, "switch", "--quiet", "main")
    (root / "other.txt").write_text("main goes on")
    commit_all(root, "main")
    git(root, "tag", "later")
    git(root, "merge", "--quiet", "--no-edit", "feature")
    return root


def repository(root: Path, **environ: str) -> GitRepository:
    return GitRepository(root, {**GIT_ENVIRON, **environ})


def test_head_is_the_checked_out_commit(root: Path) -> None:
    assert repository(root).head() == git(root, "rev-parse", "HEAD")
    assert repository(root / "crate").head() == git(root, "rev-parse", "HEAD")


def test_the_merge_base_of_a_pull_request(root: Path) -> None:
    base, head, later = (git(root, "rev-parse", name) for name in ("base", "head", "later"))

    assert repository(root).merge_base(head, later) == base
    assert repository(root).merge_base("feature", "main~1") == base
    assert repository(root).merge_base("HEAD", later) == later


def test_there_is_no_merge_base_of_what_was_not_fetched(root: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=main", f"file://{root}", str(shallow))
    head, base = git(root, "rev-parse", "main"), git(root, "rev-parse", "base")

    assert repository(shallow).merge_base("HEAD", head) == head
    assert repository(shallow).merge_base(head, base) is None
    assert repository(shallow).merge_base(head, "0" * 40) is None


def test_unrelated_histories_have_no_merge_base(root: Path) -> None:
    git(root, "switch", "--quiet", "--orphan", "island")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "island")

    assert repository(root).merge_base("island", "main") is None


@pytest.mark.parametrize(
    "revision", ["--help", "-h", "", "main..feature", "a b", "$(id)", "main:crate", "x" * 5000]
)
def test_a_text_that_is_no_commit_is_none(root: Path, revision: str) -> None:
    assert repository(root).resolve(revision) is None
    assert repository(root).merge_base(revision, "main") is None


def test_a_worktree_is_the_commit_and_is_gone_afterwards(root: Path) -> None:
    (root / "crate" / "file.txt").write_text("not committed")

    with repository(root).worktree(git(root, "rev-parse", "base")) as tree:
        assert (tree / "crate" / "file.txt").read_text() == "base"
        assert not (tree / "other.txt").exists()
        assert tree.stat().st_mode & 0o005 == 0o005
        assert tree.parent.stat().st_mode & 0o005 == 0o005

    assert not tree.parent.exists()
    assert git(root, "worktree", "list").count("\n") == 0
    assert (root / "crate" / "file.txt").read_text() == "not committed"


def test_a_worktree_is_gone_after_an_error_and_with_what_was_built_in_it(root: Path) -> None:
    def build() -> None:
        with repository(root).worktree("base") as tree:
            trees.append(tree)
            (tree / "target").mkdir()
            (tree / "target" / "built").write_text("")
            raise LookupError

    trees: list[Path] = []
    with pytest.raises(LookupError):
        build()

    assert not trees[0].parent.exists()
    assert git(root, "worktree", "list").count("\n") == 0


def test_two_worktrees_at_once_have_paths_of_one_length(root: Path) -> None:
    with repository(root).worktree("base") as one, repository(root).worktree("head") as other:
        assert (one / "crate" / "file.txt").read_text() == "base"
        assert (other / "crate" / "file.txt").read_text() == "head"
        assert len(str(one)) == len(str(other))


def test_a_worktree_of_a_folder_in_the_checkout_is_that_folder(root: Path) -> None:
    with repository(root / "crate").worktree("base") as tree:
        assert (tree / "file.txt").read_text() == "base"


def test_a_commit_that_was_not_fetched_is_asked_for(root: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=main", f"file://{root}", str(shallow))
    base = git(root, "rev-parse", "base")

    with (
        pytest.raises(ConfigError, match=f"The commit {base} is not in this checkout") as caught,
        repository(shallow).worktree(base),
    ):
        pass

    assert "fetch-depth: 0" in caught.value.cure


def test_no_repository_no_commit_no_git(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not in a git repository"):
        repository(tmp_path).head()
    git(tmp_path, "init", "--quiet")
    with pytest.raises(ConfigError, match="has no commit yet"):
        repository(tmp_path).head()
    with pytest.raises(ConfigError, match="There is no folder"):
        repository(tmp_path / "missing").head()
    with pytest.raises(ToolMissingError, match="`git` is not installed"):
        repository(tmp_path, PATH=str(tmp_path / "empty")).head()


def test_dirty_is_what_differs_from_the_commit(root: Path) -> None:
    assert not repository(root).describe_dirty()
    (root / ".gitignore").write_text("target\n")
    assert repository(root).describe_dirty()
    commit_all(root)
    (root / "target").mkdir()
    (root / "target" / "built").write_text("")
    assert not repository(root).describe_dirty()
    (root / "crate" / "file.txt").write_text("changed")
    assert repository(root).describe_dirty()


def test_programs_that_the_repository_names_are_not_run(root: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    hostile = tmp_path / "hostile"
    hostile.write_text(f"#!/bin/sh\necho $0 >> {proof}\n")
    hostile.chmod(0o755)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit"):
        shutil.copy(hostile, root / ".git" / "hooks" / hook)
    git(root, "config", "core.fsmonitor", str(hostile))

    ours = repository(root)
    ours.head()
    ours.describe_dirty()
    with ours.worktree("base"):
        pass

    assert not proof.exists()


def test_variables_of_an_outer_git_do_not_lead_elsewhere(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("")
    commit_all(other)

    ours = repository(
        root, GIT_DIR=str(other / ".git"), GIT_WORK_TREE=str(other), GIT_INDEX_FILE="/nonexistent"
    )

    assert ours.head() == git(root, "rev-parse", "HEAD")
    assert not ours.describe_dirty()


@needs_root
def test_a_checkout_of_another_user_is_read_where_we_were_told_to(root: Path) -> None:
    """As in an action's container: the workspace is the runner's, and the crate may be a folder in it."""
    give(root, 1001)
    commit = commit_of_other(root)

    assert repository(root).head() == commit
    assert repository(root / "crate", GITHUB_WORKSPACE=str(root)).head() == commit
    with repository(root / "crate", GITHUB_WORKSPACE=str(root)).worktree("base") as tree:
        assert (tree / "file.txt").read_text() == "base"
    with pytest.raises(ConfigError, match="belongs to another user"):
        repository(root / "crate").head()


def give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid)


def commit_of_other(root: Path) -> str:
    return git(root, "-c", f"safe.directory={root}", "rev-parse", "HEAD")
