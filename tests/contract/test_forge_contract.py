"""The port `Forge`: the same promises in memory, on loopback, and on an emulator that nobody here wrote."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_wasm.errors import ConfigError, ForgeError
from tests.contract.forge_worlds import EmulateWorld, MemoryWorld, World, emulate_server, loopback_world

MARKER = "<!-- ci-wasm:check -->"
_names = itertools.count()


@pytest.fixture(scope="session")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulate_server(tmp_path_factory.mktemp("emulate")) as url:
        yield url


@pytest.fixture(params=["memory", "loopback", pytest.param("emulate", marks=pytest.mark.network)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield MemoryWorld()
    elif request.param == "loopback":
        with loopback_world(tmp_path) as made:
            yield made
    else:
        yield EmulateWorld(request.getfixturevalue("emulate"), f"crates-{next(_names)}").prepare()


class TestComments:
    def test_the_first_one_is_made_with_the_marker_on_top(self, world: World) -> None:
        url = world.forge().put_comment(world.pull_request, "check", "Fine.")
        [said] = world.thread()
        assert (said.login, said.body) == (world.me, f"{MARKER}\nFine.")
        assert url.endswith(f"#issuecomment-{said.id}")

    def test_a_marker_that_is_there_is_not_doubled(self, world: World) -> None:
        world.forge().put_comment(world.pull_request, "check", f"{MARKER}\nFine.")
        assert [said.body for said in world.thread()] == [f"{MARKER}\nFine."]

    def test_the_next_one_takes_its_place(self, world: World) -> None:
        urls = {
            world.forge().put_comment(world.pull_request, "check", body) for body in ("One.", "Two.", "Two.")
        }
        assert [said.body for said in world.thread()] == [f"{MARKER}\nTwo."]
        assert len(urls) == 1

    def test_each_key_has_its_own(self, world: World) -> None:
        for key in ("check", "check-2", "check", "a.b_c"):
            world.forge().put_comment(world.pull_request, key, f"This is {key}.")
        assert [said.body.split("\n")[1] for said in world.thread()] == [
            "This is check.", "This is check-2.", "This is a.b_c."
        ]  # fmt: skip

    def test_it_is_found_behind_more_than_a_page_of_others(self, world: World) -> None:
        for number in range(105):
            world.say(world.other, f"Comment {number}")
        ours = world.say(world.me, f"{MARKER}\nOld.")
        world.say(world.other, "Thanks!")
        url = world.forge().put_comment(world.pull_request, "check", "New.")
        assert url.endswith(f"-{ours}")
        assert [said.body for said in world.thread() if said.login == world.me] == [f"{MARKER}\nNew."]

    def test_a_person_who_quotes_the_marker_is_left_alone(self, world: World) -> None:
        theirs = f"{MARKER}\nWhat is this?"
        world.say(world.other, theirs)
        world.forge().put_comment(world.pull_request, "check", "Fine.")
        assert [(said.login, said.body) for said in world.thread()] == [
            (world.other, theirs),
            (world.me, f"{MARKER}\nFine."),
        ]

    def test_a_marker_further_down_is_text(self, world: World) -> None:
        """Such as the name of a crate that somebody chose with care."""
        world.forge().put_comment(world.pull_request, "other", f"crate\n{MARKER}\n")
        world.forge().put_comment(world.pull_request, "check", "Fine.")
        assert len(world.thread()) == 2

    def test_a_deleted_one_is_made_again(self, world: World) -> None:
        world.forge().put_comment(world.pull_request, "check", "One.")
        world.delete(world.thread()[0].id)
        world.forge().put_comment(world.pull_request, "check", "Two.")
        assert [said.body for said in world.thread()] == [f"{MARKER}\nTwo."]

    def test_of_two_the_older_one_stays(self, world: World) -> None:
        """A run of an older version, or a race, left two."""
        first = world.say(world.me, f"{MARKER}\nOne.")
        world.say(world.me, f"{MARKER}\nOne again.")
        world.forge().put_comment(world.pull_request, "check", "Two.")
        assert [(said.id, said.body) for said in world.thread()] == [(first, f"{MARKER}\nTwo.")]

    def test_jobs_that_comment_at_the_same_moment_leave_one(self, world: World) -> None:
        forges = [world.forge() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            urls = list(
                pool.map(lambda forge: forge.put_comment(world.pull_request, "check", "Same."), forges)
            )
        [said] = world.thread()
        assert said.body == f"{MARKER}\nSame."
        assert urls[0].rpartition("-")[2].isdigit()

    @pytest.mark.parametrize(
        "body", ["naïve — 🦀 é", "tab\tand | pipe", "a\n\n\nb", "<details>\n\n```\n%0A\n```\n</details>"]
    )
    def test_any_text_arrives(self, world: World, body: str) -> None:
        world.forge().put_comment(world.pull_request, "check", body)
        assert world.thread()[0].body == f"{MARKER}\n{body}"

    @pytest.mark.parametrize("key", ["", "a b", "-->", "a\nb", "a>b", "é", "x" * 65, "-a"])
    def test_a_key_that_could_leave_the_marker_is_refused(self, world: World, key: str) -> None:
        with pytest.raises(ConfigError):
            world.forge().put_comment(world.pull_request, key, "Fine.")
        assert world.thread() == []

    def test_a_pull_request_that_is_not_there_is_an_error(self, world: World) -> None:
        with pytest.raises(ForgeError):
            world.forge().put_comment(999, "check", "Fine.")


class TestDataBranch:
    def test_what_was_never_written_is_none(self, world: World) -> None:
        assert world.forge().read_file("data", "sizes/a.json") is None
        world.forge().write_file("data", "sizes/b.json", b"{}", "Record b")
        assert world.forge().read_file("data", "sizes/a.json") is None

    @pytest.mark.parametrize("content", [b"{}\n", b"", b"\x00\xff\r\n\n", "é\n".encode(), b"x" * 1_300_000])
    def test_what_was_written_is_read(self, world: World, content: bytes) -> None:
        world.forge().write_file("data", "sizes/a.json", content, "Record")
        assert world.forge().read_file("data", "sizes/a.json") == content

    def test_the_branch_begins_without_history_and_grows_by_one_commit_a_write(self, world: World) -> None:
        world.forge().write_file("data", "a", b"1", "One")
        world.forge().write_file("data", "b/c", b"2", "Two")
        world.forge().write_file("data", "a", b"3", "Three")
        assert world.history("data") == ["Three", "Two", "One"]
        assert [world.forge().read_file("data", path) for path in ("a", "b/c")] == [b"3", b"2"]

    def test_the_same_content_again_makes_no_commit(self, world: World) -> None:
        for _ in range(3):
            world.forge().write_file("data", "a/b.json", b"{}", "Record")
        assert world.history("data") == ["Record"]

    def test_branches_keep_apart(self, world: World) -> None:
        world.forge().write_file("ci-wasm/data", "a", b"1", "One")
        assert world.forge().read_file("data", "a") is None
        assert world.forge().read_file("main", "a") is None
        assert world.forge().read_file("ci-wasm/data", "a") == b"1"

    def test_names_may_be_anything_that_git_takes(self, world: World) -> None:
        for path in ("sizes/with space.json", "größe/ü.json", "a#b?c=d&e%20.json", "@x/+y"):
            world.forge().write_file("data", path, path.encode(), "Record")
            assert world.forge().read_file("data", path) == path.encode()

    def test_six_writers_at_once_all_land(self, world: World) -> None:
        if not world.moves_references_atomically:
            pytest.skip("this server loses updates by itself")
        forges = [world.forge() for _ in range(6)]

        def write(number: int) -> None:
            forges[number].write_file(
                "data", f"sizes/{number}.json", str(number).encode(), f"Record {number}"
            )

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(write, range(6)))
        assert [world.forge().read_file("data", f"sizes/{n}.json") for n in range(6)] == [
            b"%d" % n for n in range(6)
        ]
        assert sorted(world.history("data")) == [f"Record {number}" for number in range(6)]

    @pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", "a//b", ".git/config", "a/", "a\nb", "./a"])
    def test_a_path_that_git_would_refuse_is_a_config_error(self, world: World, path: str) -> None:
        with pytest.raises(ConfigError):
            world.forge().write_file("data", path, b"", "Record")
        with pytest.raises(ConfigError):
            world.forge().read_file("data", path)
