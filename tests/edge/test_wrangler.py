"""The real wrangler deploys to the local edge: that the edge is faithful is shown by who believes it. -> pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_wasm.adapters.compression import ThreadedScales
from ci_wasm.adapters.module_reader import WasmtimeModuleReader
from ci_wasm.adapters.shim_source import read_shim_source
from ci_wasm.core.shim import SHIM_MAIN, shim_modules
from ci_wasm.core.worker import Worker
from ci_wasm.edge.serve import LocalEdge
from tests.edge.edge_client import ADD_WASM, EdgeClient
from tests.edge.wrangler import NoWrangler, Wrangler, install

pytestmark = [pytest.mark.wrangler, pytest.mark.network, pytest.mark.slow]

SOURCE = """
import wasm from "./add.wasm";
const { exports } = new WebAssembly.Instance(wasm);
export default {
  fetch(request, env) {
    const query = new URL(request.url).searchParams;
    return Response.json({ sum: exports.add(+query.get("a"), +query.get("b")), mode: env.MODE });
  },
};
"""
CONFIG = {
    "name": "add",
    "main": "src/index.js",
    "compatibility_date": "2026-07-01",
    "vars": {"MODE": "production"},
    "previews": {"vars": {"MODE": "preview"}},
}


class Project:
    """A wrangler project and the edge that it deploys to."""

    def __init__(self, wrangler: Wrangler, folder: Path, client: EdgeClient) -> None:
        self._wrangler = wrangler
        self.folder = folder
        self._client = client
        (folder / "src").mkdir()
        (folder / "src" / "add.wasm").write_bytes(ADD_WASM)
        self.write(SOURCE)

    def write(self, source: str, **config: object) -> None:
        (self.folder / "src" / "index.js").write_text(source)
        (self.folder / "wrangler.json").write_text(json.dumps(CONFIG | config))

    def wrangler(self, *arguments: str) -> str:
        return self._wrangler.run(*arguments, cwd=self.folder, environment=self._client.edge.environment)

    def answer(self, label: str) -> object:
        page = self._client.get(label, "/?a=2&b=3")
        return page.json() if page.status_code == 200 else page.status_code


@pytest.fixture(scope="module")
def wrangler(tmp_path_factory: pytest.TempPathFactory) -> Wrangler:
    try:
        return Wrangler(install(), tmp_path_factory.mktemp("home"))
    except NoWrangler as reason:
        pytest.skip(f"no wrangler: {reason}")


@pytest.fixture
def project(wrangler: Wrangler, tmp_path: Path) -> Iterator[Project]:
    with LocalEdge() as edge, EdgeClient(edge) as client:
        yield Project(wrangler, tmp_path, client)


PRODUCTION, PREVIEW = {"sum": 5, "mode": "production"}, {"sum": 5, "mode": "preview"}


def test_wrangler_previews_a_pull_request_and_cleans_up(project: Project) -> None:
    made = project.wrangler("preview", "--name", "pr-42")
    (url,) = re.findall(r"Unique Deployment URL: http://(\w+-add)\.edge\.localhost:\d+", made)
    assert "Preview: pr-42 (new)" in made
    assert [project.answer(label) for label in ("pr-42-add", url)] == [PREVIEW, PREVIEW]

    project.write(SOURCE.replace("sum:", "total:"))
    assert "Preview: pr-42 (updated)" in project.wrangler("preview", "--name", "pr-42")
    assert project.answer("pr-42-add") == {"total": 5, "mode": "preview"}
    assert project.answer(url) == PREVIEW

    project.wrangler("preview", "delete", "--name", "pr-42", "-y")
    assert [project.answer(label) for label in ("pr-42-add", url)] == [404, 404]


def test_wrangler_deploys_versions_and_deletes(project: Project) -> None:
    assert "add.edge.localhost" in project.wrangler("deploy")
    assert project.answer("add") == PRODUCTION

    project.write(SOURCE.replace("sum:", "total:"))
    uploaded = project.wrangler(
        "versions", "upload", "--preview-alias", "pr-7", "--tag", "v2", "--message", "PR 7"
    )
    (version,) = re.findall(r"Worker Version ID: (\S+)", uploaded)
    assert "pr-7-add.edge.localhost" in uploaded
    new = {"total": 5, "mode": "production"}
    assert [project.answer(label) for label in ("add", "pr-7-add", f"{version[:8]}-add")] == [
        PRODUCTION,
        new,
        new,
    ]

    project.wrangler("versions", "deploy", f"{version}@100%", "--yes")
    assert project.answer("add") == new
    assert version in project.wrangler("deployments", "status")
    listed = project.wrangler("versions", "list")
    assert re.findall(r"Tag: +(\S+)", listed) == ["-", "v2"]

    project.write(SOURCE)
    project.wrangler("deploy")
    assert project.answer("add") == PRODUCTION

    assert "Successfully deleted add" in project.wrangler("delete", "--force")
    assert [project.answer(label) for label in ("add", "pr-7-add")] == [404, 404]


def test_wrangler_deploys_a_worker_that_a_preview_made(project: Project) -> None:
    project.wrangler("preview", "--name", "pr-1")
    project.wrangler("deploy")

    assert [project.answer(label) for label in ("pr-1-add", "add")] == [PREVIEW, PRODUCTION]


@pytest.mark.parametrize(
    ("source", "config", "says"),
    [
        ("undefinedVar;\n" + SOURCE, {}, "undefinedVar is not defined"),
        (SOURCE, {"kv_namespaces": [{"binding": "PAGES", "id": "0" * 32}]}, "`kv_namespace` of binding `PAGES` is not valid here"),
    ],
)  # fmt: skip
def test_wrangler_shows_why_the_edge_refuses(
    project: Project, source: str, config: dict[str, object], says: str
) -> None:
    project.write(source, **config)

    with pytest.raises(AssertionError) as refused:
        project.wrangler("deploy")

    assert says in str(refused.value)
    assert project.answer("add") == 404


def test_wrangler_counts_an_upload_as_ci_wasm_does(project: Project) -> None:
    shim = make_shim(project.folder)

    printed = project.wrangler("deploy", "--no-bundle")

    (raw, gzip) = re.findall(r"Total Upload: ([\d.]+) KiB / gzip: ([\d.]+) KiB", printed)[0]
    counted = ThreadedScales().start_upload(shim)()
    assert raw == f"{counted.raw / 1024:.2f}"
    # Node is built with another zlib.
    assert float(gzip) == pytest.approx((counted.gzip or 0) / 1024, rel=0.02)


def make_shim(folder: Path) -> Worker:
    """The files of the shim for the module, as a project that wrangler uploads as they stand."""
    module = WasmtimeModuleReader().read(ADD_WASM)
    modules = shim_modules(
        ADD_WASM, module, worker="add", commit="0" * 40, cache_control=None, shim_source=read_shim_source()
    )
    for each in modules:
        (folder / "src" / each.name).write_bytes(each.content)
    (folder / "src" / "add.wasm").unlink()
    rules = [{"type": "Text", "globs": ["**/*.json"]}, {"type": "CompiledWasm", "globs": ["**/*.wasm"]}]
    config = CONFIG | {"main": f"src/{SHIM_MAIN}", "find_additional_modules": True, "rules": rules}
    (folder / "src" / "index.js").unlink()
    (folder / "wrangler.json").write_text(json.dumps(config))
    return Worker("add", SHIM_MAIN, modules, "2026-07-01")
