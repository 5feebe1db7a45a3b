"""`atlas-perf convert`: files in, a scenario that runs out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_outcome import Outcome

from atlas_perf.cli import convert as convert_command
from atlas_perf.cli.child_server import ChildServer
from atlas_perf.cli.embedded import embedded_target

DATA = Path(__file__).parents[1] / "convert" / "data"
Command = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def target() -> ChildServer:  # type: ignore[misc]
    with embedded_target(7) as server:
        yield server


def recorded(folder: Path) -> Path:
    request = {
        "method": "GET",
        "url": "https://shop.example/api/runs?page=0&size=5&sort=createdAt,desc",
    }
    begin = "2026-01-01T00:00:00Z"
    entry = {"startedDateTime": begin, "request": request, "response": {"status": 200}}
    file = folder / "shop.har"
    file.write_text(json.dumps({"log": {"entries": [entry]}}))
    return file


def test_a_converted_description_runs_and_passes(atlas_perf: Command, target: ChildServer) -> None:
    converted = atlas_perf("convert", "openapi", str(DATA / "orchestrator.yaml"))
    assert converted.exit_code == 0, converted.stderr
    assert converted.stdout == "orchestrator.py: 6 requests in 2 groups\n"
    assert "atlas-perf run orchestrator.py -e AUTH_TOKEN=… -u 5 -d 1m" in converted.stderr
    run = ("run", "orchestrator.py", "-i", "3", "-u", "1", "--quiet", "-e", "AUTH_TOKEN=hush-hush")
    ran = atlas_perf(*run, "-e", f"BASE_URL={target.url}")
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    assert "readRun: status is 200" in ran.stdout


def test_a_converted_recording_runs_and_passes(
    atlas_perf: Command, target: ChildServer, folder: Path
) -> None:
    recorded(folder)
    assert atlas_perf("convert", "har", "shop.har").exit_code == 0
    ran = atlas_perf(
        "run", "shop.py", "-i", "2", "-u", "1", "--quiet", "-e", f"BASE_URL={target.url}"
    )
    assert ran.exit_code == 0, ran.stdout + ran.stderr


def test_a_scenario_can_be_looked_at_without_being_written(
    atlas_perf: Command, folder: Path
) -> None:
    recorded(folder)
    shown = atlas_perf("convert", "har", "shop.har", "-o", "-")
    assert shown.stdout.startswith('"""shop: written by')
    assert not (folder / "shop.py").exists()


def test_a_file_that_is_there_is_kept_unless_told_otherwise(
    atlas_perf: Command, folder: Path
) -> None:
    recorded(folder)
    (folder / "shop.py").write_text("mine\n")
    refused = atlas_perf("convert", "har", "shop.har")
    assert refused.exit_code == 2
    assert "shop.py is there already: add --force" in refused.stderr
    assert (folder / "shop.py").read_text() == "mine\n"
    assert atlas_perf("convert", "har", "shop.har", "--force").exit_code == 0
    assert (folder / "shop.py").read_text() != "mine\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("har", "missing.har"), "missing.har cannot be read: No such file or directory"),
        (("har", "shop.har", "-o", "shop.txt"), "ends in .py"),
        (("har", "shop.har", "-o", "no/where.py"), "no/where.py cannot be written"),
        (("hra", "shop.har"), "har"),
        (("openapi", "shop.har"), "it has no key openapi"),
    ],
)
def test_a_wrong_command_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, atlas_perf: Command, folder: Path
) -> None:
    recorded(folder)
    refused = atlas_perf("convert", *arguments)
    assert refused.exit_code == 2
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_missing_libraries_are_named_with_what_installs_them(
    atlas_perf: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(folder)
    monkeypatch.setattr(convert_command, "find_spec", lambda name: None)
    refused = atlas_perf("convert", "har", "shop.har")
    assert refused.exit_code == 2
    assert "pip install 'atlas-perf[convert]'" in refused.stderr
