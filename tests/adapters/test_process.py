"""Running a child: what it gets, what of it is kept, and that nothing of it stays alive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ci_wasm.adapters.process import Finished, run
from ci_wasm.errors import ToolMissingError

ENVIRON = {"PATH": os.environ["PATH"]}


def shell(script: str, folder: Path, timeout: float = 20.0, keep: int = 1 << 20) -> Finished:
    return run(("sh", "-c", script), environ=ENVIRON, cwd=folder, timeout=timeout, keep=keep)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent to notice does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def test_gives_both_streams_and_the_exit_code(tmp_path: Path) -> None:
    finished = shell("echo out; echo err >&2; exit 3", tmp_path)

    assert (finished.returncode, finished.stdout, finished.error_text) == (3, b"out\n", "err")
    assert not finished.timed_out
    assert 0 < finished.seconds < 10


def test_the_child_gets_only_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "canary")

    finished = run(("env",), environ={**ENVIRON, "GIVEN": "1"}, cwd=tmp_path, timeout=20)

    assert sorted(line.split(b"=")[0] for line in finished.stdout.splitlines()) == [b"GIVEN", b"PATH"]


def test_there_is_nothing_to_read_and_no_terminal_to_ask_at(tmp_path: Path) -> None:
    assert shell("cat; exec 2>/dev/null; exec 3</dev/tty && echo terminal", tmp_path).stdout == b""


def test_arguments_are_not_read_by_a_shell(tmp_path: Path) -> None:
    argument = "$(echo no) ; * `id` \\ 'x'"

    assert (
        run(("printf", "%s", argument), environ=ENVIRON, cwd=tmp_path, timeout=20).stdout == argument.encode()
    )


def test_lines_come_as_they_are_written(tmp_path: Path) -> None:
    lines: list[tuple[str, float]] = []
    started = time.monotonic()

    run(
        ("sh", "-c", "printf 'one\\n\\ntwo\\rthree\\nfo'; sleep 0.5; printf 'ur\\377'"),
        environ=ENVIRON,
        cwd=tmp_path,
        timeout=20,
        on_stdout=lambda line: lines.append((line, time.monotonic() - started)),
    )

    assert [line for line, _ in lines] == ["one", "two", "three", "four\ufffd"]
    assert lines[0][1] < 0.45 <= lines[3][1]


def test_only_the_end_of_much_output_is_kept(tmp_path: Path) -> None:
    finished = shell("head -c 3000000 /dev/zero; echo the end", tmp_path, keep=1000)

    assert finished.is_cut
    assert len(finished.stdout) == 1000
    assert finished.stdout.endswith(b"\0the end\n")


def test_a_line_without_an_end_is_passed_on_in_parts(tmp_path: Path) -> None:
    sizes: list[int] = []

    run(
        ("head", "-c", "5000000", "/dev/zero"),
        environ=ENVIRON,
        cwd=tmp_path,
        timeout=20,
        on_stdout=lambda line: sizes.append(len(line)),
    )

    assert sum(sizes) == 5_000_000
    assert max(sizes) < 1_200_000


def test_a_timeout_ends_the_child_and_its_children(tmp_path: Path) -> None:
    finished = shell("sleep 60 & echo $!; sleep 60", tmp_path, timeout=0.5)

    assert finished.timed_out
    assert finished.returncode == -signal.SIGKILL
    assert finished.seconds < 5
    assert wait_until_gone(int(finished.stdout))


def test_a_child_that_ends_leaves_no_other_behind(tmp_path: Path) -> None:
    # Once with the output still open in the background process, once with it closed.
    for redirect in ("", ">/dev/null 2>&1"):
        finished = shell(f"sleep 60 {redirect} & echo $!", tmp_path)

        assert (finished.returncode, finished.timed_out) == (0, False)
        assert finished.seconds < 5
        assert wait_until_gone(int(finished.stdout))


def test_a_process_that_leaves_the_group_and_keeps_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    finished = shell("setsid sleep 30 & echo $!", tmp_path)

    try:
        assert (finished.returncode, finished.timed_out) == (0, False)
        assert finished.seconds < 10
    finally:
        os.kill(int(finished.stdout), signal.SIGKILL)


def test_an_error_in_a_callback_ends_the_child(tmp_path: Path) -> None:
    pids: list[int] = []

    def fail(line: str) -> None:
        pids.append(int(line))
        raise LookupError(line)

    with pytest.raises(LookupError):
        run(("sh", "-c", "echo $$; sleep 60"), environ=ENVIRON, cwd=tmp_path, timeout=20, on_stdout=fail)

    assert wait_until_gone(pids[0])


def test_ctrl_c_ends_the_child(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import os, pathlib
        from ci_wasm.adapters.process import run
        argv = ("sh", "-c", "echo $$; sleep 60")
        run(argv, environ=dict(os.environ), cwd=pathlib.Path("."), timeout=60, on_stdout=lambda pid: print(pid, flush=True))
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as ours:
        assert ours.stdout is not None
        child = int(ours.stdout.readline())
        assert is_alive(child)

        ours.send_signal(signal.SIGINT)

        ours.wait(10)
    assert wait_until_gone(child)


def test_a_missing_program_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(ToolMissingError, match="`cargo` is not installed") as caught:
        run(("cargo", "--version"), environ={"PATH": str(tmp_path)}, cwd=tmp_path, timeout=5)

    assert "rustup.rs" in caught.value.cure
