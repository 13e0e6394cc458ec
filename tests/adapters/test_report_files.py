"""Report files: what a run leaves behind, and nothing elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_wasm.adapters.report_files import write_report_files
from ci_wasm.errors import ConfigError

TEXTS = {"report.json": "{}\n", "comment.md": "# é\n"}


def test_files_are_written_and_named_relative_to_the_root(tmp_path: Path) -> None:
    outputs = write_report_files(tmp_path, Path("out/here"), TEXTS)

    assert outputs == {"report": "out/here/report.json", "comment": "out/here/comment.md"}
    assert (tmp_path / outputs["comment"]).read_text(encoding="utf-8") == "# é\n"
    assert sorted(path.name for path in (tmp_path / "out/here").iterdir()) == ["comment.md", "report.json"]


@pytest.mark.parametrize("folder", ["..", "/etc", "out/../../elsewhere"])
def test_a_folder_outside_of_the_root_is_refused(tmp_path: Path, folder: str) -> None:
    root = tmp_path / "root"
    root.mkdir()

    with pytest.raises(ConfigError, match="leaves the repository"):
        write_report_files(root, Path(folder), TEXTS)

    assert list(tmp_path.iterdir()) == [root]


def test_a_folder_that_links_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / "out").symlink_to(elsewhere)

    with pytest.raises(ConfigError, match="leaves the repository"):
        write_report_files(root, Path("out"), TEXTS)

    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["report.json", ".report.json.partial"])
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(victim)

    write_report_files(tmp_path, Path("out"), TEXTS)

    assert victim.read_text(encoding="utf-8") == "precious"
    assert (tmp_path / "out" / "report.json").read_text(encoding="utf-8") == "{}\n"
