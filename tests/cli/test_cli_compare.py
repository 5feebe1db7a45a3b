"""`atlas-perf compare`: verdicts and exit codes, and every run that it refuses to compare."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from summaries import made_summary

from atlas_perf.errors import ExitCode
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.model.summary import Summary, Window
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.report.terminal_text import columns
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

ENDPOINT = "http_req_duration{method:POST,name:POST /api/orders/:id/confirmations,scenario:default}"
WINDOWS = 6


def sketches(scale: float) -> RunSketches:
    """p95 of 500 requests a window; the same shape for all, times `scale`."""
    windows = []
    for window in range(WINDOWS):
        random, sketch = Random(window), Sketch()
        for _ in range(500):
            sketch.add(2e7 * scale * math.exp(random.gauss(0, 0.5)))
        windows.append(sketch.to_bytes())
    return RunSketches(
        "steady",
        (20,) * WINDOWS,
        tuple(
            KeptTrend(name, Contains.TIME, 0, tuple(windows))
            for name in ("http_req_duration", ENDPOINT)
        ),
        (KeptRate("http_req_failed", ((0, 500),) * WINDOWS),),
    )


def summary(**changes: Any) -> Summary:
    return replace(made_summary("api"), **{"plan": {"processes": 2, "scenarios": []}, **changes})


def window(started: int) -> Window:
    return Window(0, 1.0, 1, 0, 1, 0, 0, 0, 0, 1.0, 1.0, 1.0, 0.0, 0.0, started_arrivals=started)


Folder = Callable[..., str]


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A results folder by its name; its sketches are `scale` times as slow as those of 1."""
    monkeypatch.chdir(tmp_path)

    def make(name: str, scale: float = 1.0, **changes: Any) -> str:
        folder = tmp_path / name
        folder.mkdir()
        text = summary_to_json(summary(**changes))
        (folder / "summary.json").write_text(text, encoding="utf-8")
        (folder / "sketches.msgpack").write_bytes(encode_run_sketches(sketches(scale)))
        return name

    return make


def sides(run_folder: Folder, *scales: float) -> list[str]:
    """The arguments for pairs whose candidates are so much slower."""
    bases = [run_folder(f"b{n}", 1 + n / 500) for n in range(len(scales))]
    candidates = [run_folder(f"c{n}", scale) for n, scale in enumerate(scales)]
    return [*bases, *(word for one in candidates for word in ("--candidate", one))]


@pytest.mark.parametrize(
    ("scales", "options", "ends"),
    [
        ((1.2, 1.21, 1.22), (), ("✗ FAIL", ExitCode.FAIL)),
        ((1.2, 1.21, 1.22), ("--margin", "30"), ("✓ PASS", ExitCode.PASS)),
        ((1.0, 1.001, 1.002), (), ("✓ PASS", ExitCode.PASS)),
        ((1.0, 1.2, 1.1), (), ("? INCONCLUSIVE", ExitCode.PASS)),
        (
            (1.0, 1.2, 1.1),
            ("--require-non-inferiority",),
            ("? INCONCLUSIVE", ExitCode.INCONCLUSIVE),
        ),
        ((1.2, 1.2, 1.2), ("--primary", "http_req_failed rate"), ("✓ PASS", ExitCode.PASS)),
        (
            (1.0, 1.0, 1.0),
            ("--primary", "http_req_duration p(99.9)"),
            ("? NO_DATA", ExitCode.NO_DATA),
        ),
    ],
)
def test_pairs_have_a_verdict_and_its_exit_code(
    atlas_perf, run_folder: Folder, scales, options, ends: tuple[str, ExitCode]
) -> None:
    word, exit_code = ends
    outcome = atlas_perf("compare", *sides(run_folder, *scales), *options)
    assert outcome.exit_code == exit_code, outcome.stderr
    assert f"  {word}" in outcome.stdout.splitlines()[-1]
    warned = "exit code 0 does not mean" in outcome.stderr
    assert warned is (word == "? INCONCLUSIVE" and exit_code is ExitCode.PASS)


def test_one_run_each_is_advice_that_says_why(atlas_perf, run_folder: Folder) -> None:
    outcome = atlas_perf("compare", run_folder("base"), run_folder("new", 2.0))
    assert outcome.exit_code == 0
    assert "One run per side can only advise" in outcome.stdout
    assert "! looks worse" in outcome.stdout
    assert outcome.stdout.splitlines()[-1] == "  ? INCONCLUSIVE  advice only"


@pytest.mark.parametrize("width", [80, 100])
def test_the_table_keeps_to_the_width_and_names_endpoints_whole(
    atlas_perf, run_folder: Folder, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("atlas_perf.cli.compare.report_width", lambda: width)
    outcome = atlas_perf("compare", *sides(run_folder, 1.2, 1.2, 1.2))
    lines = outcome.stdout.splitlines()
    assert max(map(columns, lines)) <= width
    assert any("/confirmations,scenario:default} p(95)" in line for line in lines)
    heads = next(line for line in lines if "PRIMARY" in line).split()
    assert heads == ["PRIMARY", "base", "candidate", "change", "90", "%", "interval"]


def test_large_changes_do_not_run_into_each_other(
    atlas_perf, run_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas_perf.cli.compare.report_width", lambda: 80)
    outcome = atlas_perf("compare", *sides(run_folder, 40, 30, 20))
    row = next(line for line in outcome.stdout.splitlines() if "✗ worse" in line)
    assert re.search(r" \+\d+ % +\+\d+ … \+\d+ % ✗ worse", row), row
    assert max(map(columns, outcome.stdout.splitlines())) <= 80


def test_json_has_everything_and_its_version(atlas_perf, run_folder: Folder) -> None:
    outcome = atlas_perf("compare", *sides(run_folder, 1.2, 1.2, 1.2), "--json")
    plain = json.loads(outcome.stdout)
    assert (plain["schema_version"], plain["verdict"], plain["exit_code"]) == ("1.0", "FAIL", 1)
    assert plain["bases"] == ["b0", "b1", "b2"]
    first = plain["metrics"][0]
    assert first["finding"] == "regressed"
    assert first["change"] == pytest.approx(0.197, abs=0.01)
    assert first["lower"] < first["change"] < first["upper"]
    assert len(plain["metrics"]) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"file_sha256": "1" * 64}, "scenario file (SHA-256) 000000000000 and 111111111111"),
        ({"plan": {"processes": 4, "scenarios": []}}, "worker processes 2 and 4"),
        ({"plan": {"processes": 2, "scenarios": [1]}}, "plan (scenarios)"),
        ({"windows": (window(100),)}, "offered load, 0 and 100 iterations begun"),
        ({"verdict": Verdict.INVALID}, "it is INVALID: The one criterion was met"),
        ({"exit_code": ExitCode.INTERRUPTED}, "it was interrupted"),
        ({"facts": {"tool_version": "0.0.9"}}, "atlas-perf version 0.1.0 and 0.0.9"),
        ({"facts": {"python": "3.13.1"}}, "Python version 3.11.7 and 3.13.1"),
        ({"facts": {"cpu_model": "another"}}, "CPU model a CPU and another"),
        ({"facts": {"cpu_count": 64}}, "number of CPUs 2 and 64"),
    ],
)
def test_unlike_and_invalid_runs_are_refused_with_what_they_differ_in(
    atlas_perf, run_folder: Folder, changes: dict[str, Any], words: str
) -> None:
    if "facts" in changes:
        changes = {"facts": replace(summary().facts, **changes["facts"])}
    outcome = atlas_perf("compare", run_folder("base"), run_folder("new", **changes))
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.INVALID, "")
    (line,) = outcome.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize(
    "changes",
    [
        {"plan": {"processes": 2, "scenarios": [], "env": {"BASE_URL": "http://b"}, "seed": 3}},
        {"verdict": Verdict.FAIL},
        {"facts": replace(made_summary("api").facts, target="http://b", environment="staging")},
    ],
)
def test_another_address_or_a_failed_threshold_does_not_make_runs_unlike(
    atlas_perf, run_folder: Folder, changes: dict[str, Any]
) -> None:
    outcome = atlas_perf("compare", run_folder("base"), run_folder("new", **changes))
    assert outcome.exit_code == 0


def test_arrivals_within_a_hundredth_are_the_same_load(atlas_perf, run_folder: Folder) -> None:
    base = run_folder("base", windows=(window(1000),))
    near = run_folder("near", windows=(window(991),))
    far = run_folder("far", windows=(window(980),))
    assert atlas_perf("compare", base, near).exit_code == 0
    assert atlas_perf("compare", base, far).exit_code == ExitCode.INVALID


@pytest.mark.parametrize(
    ("file_name", "content", "ends"),
    [
        ("sketches.msgpack", None, (ExitCode.NO_DATA, "an older atlas-perf made it; run it again")),
        ("summary.json", None, (ExitCode.NO_DATA, "this is no results folder of a run")),
        ("sketches.msgpack", b"", (ExitCode.INVALID, "no sketches that this atlas-perf reads")),
        ("sketches.msgpack", b"\x95\x02\xa0\x90\x90\x90", (ExitCode.INVALID, "of format 2, not 1")),
        ("summary.json", b"{", (ExitCode.INVALID, "not JSON")),
        ("summary.json", b"\xff", (ExitCode.INVALID, "summary.json")),
        ("summary.json", b'{"schema_version": "9.0"}', (ExitCode.INVALID, "upgrade atlas-perf")),
    ],
)
def test_missing_older_and_corrupt_files_of_a_base_are_told_apart(
    atlas_perf, run_folder: Folder, file_name, content, ends: tuple[ExitCode, str]
) -> None:
    exit_code, words = ends
    base, new = run_folder("base"), run_folder("new")
    (Path(base) / file_name).unlink()
    if content is not None:
        (Path(base) / file_name).write_bytes(content)
    outcome = atlas_perf("compare", base, new)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    (line,) = outcome.stderr.splitlines()
    assert words in line


def test_urls_of_two_builds_are_one_endpoint(atlas_perf, run_folder: Folder) -> None:
    folders = []
    for name, port in (("base", 8001), ("new", 8002)):
        target = f"http://127.0.0.1:{port}"
        facts = replace(summary().facts, target=target)
        folders.append(run_folder(name, facts=facts))
        kept = sketches(1.0)
        endpoint = replace(kept.trends[1], selector=f"http_req_duration{{name:{target}/api}}")
        data = encode_run_sketches(replace(kept, trends=(kept.trends[0], endpoint)))
        (Path(name) / "sketches.msgpack").write_bytes(data)
    plain = json.loads(atlas_perf("compare", *folders, "--json").stdout)
    assert [(one["selector"], one["change"]) for one in plain["metrics"]] == [
        ("http_req_duration", 0.0),
        ("http_req_failed", 0.0),
        ("http_req_duration{name:/api}", 0.0),
    ]


def test_sketches_whose_inside_is_damaged_are_refused(atlas_perf, run_folder: Folder) -> None:
    base, new = run_folder("base"), run_folder("new")
    kept = sketches(1.0)
    damaged = replace(kept.trends[0], windows=(b"no sketch",) * WINDOWS)
    data = encode_run_sketches(replace(kept, trends=(damaged,)))
    (Path(new) / "sketches.msgpack").write_bytes(data)
    outcome = atlas_perf("compare", base, new)
    assert outcome.exit_code == ExitCode.INVALID
    assert "new/sketches.msgpack" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("gone", "new"), ExitCode.NO_DATA, "no baseline: gone: there is no such results folder"),
        (("base", "gone"), ExitCode.USAGE, "no candidate: gone: there is no such results folder"),
        (("base",), ExitCode.USAGE, "name a BASE and a CANDIDATE"),
        (("base", "base"), ExitCode.USAGE, "named twice"),
        (("base", "new", "-c", "base"), ExitCode.USAGE, "2 bases and 1 candidates"),
        (("base", "new", "-c", "c", "-c", "d"), ExitCode.USAGE, "2 pairs are too few"),
        (("base", "new", "--primary", "p(95)"), ExitCode.USAGE, "write 'http_req_duration p(95)'"),
        (("base", "new", "--primary", "nothing p(95)"), ExitCode.USAGE, "no run kept nothing"),
        (("base", "new", "--margin", "wide"), ExitCode.USAGE, "is not a percentage"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    atlas_perf, run_folder: Folder, arguments: tuple[str, ...], exit_code: ExitCode, words: str
) -> None:
    run_folder("base")
    run_folder("new")
    outcome = atlas_perf("compare", *arguments)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    (line,) = outcome.stderr.splitlines()
    assert words in line
