"""`atlas-perf trend`: exit codes, the picture and its width, JSON and its schema."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from made_runs import run, write
from schema_fields import schema_of

from atlas_perf.cli.streams import _narrowed
from atlas_perf.errors import ExitCode
from atlas_perf.history import change_points
from atlas_perf.history.kept_files import Said
from atlas_perf.history.store import Store
from atlas_perf.model.trend import ChangePoint, Direction, Trend, TrendPoint, TrendSeries
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.terminal_text import Paint, columns
from atlas_perf.report.trend_picture import trend_picture
from atlas_perf.report.trend_svg import PANEL, WIDTH

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/trend.schema.json").read_text(encoding="utf-8")
)
Keep = Callable[..., None]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Keep a run a day in the store, `step` times as slow from `since` on."""

    def kept(number: int = 30, since: int = 24, step: float = 1.0, **changes) -> None:
        random, store = Random(1), Store(tmp_path / ".atlas-perf/history")
        for day in range(number):
            scale = (step if day >= since else 1.0) * math.exp(random.gauss(0, 0.02))
            store.keep(run(day, scale, **changes), Said(f"v1.{day}"))

    return kept


@pytest.mark.parametrize(
    ("step", "options", "exit_code", "last", "warned"),
    [
        (1.3, (), 0, "  ! WORSE  1 recent change for the worse · advice only", True),
        (
            1.3,
            ("--fail-on-regression",),
            ExitCode.FAIL,
            "  ! WORSE  1 recent change for the worse · exit code 1",
            False,
        ),
        (1.3, ("--recent", "3"), 0, "  ✓ STEADY  no recent change for the worse", False),
        (1.3, ("--margin", "40"), 0, "  ✓ STEADY  no recent change for the worse", False),
        (0.7, (), 0, "  ✓ STEADY  no recent change for the worse", False),
        (1.0, ("--fail-on-regression",), 0, "  ✓ STEADY  no recent change for the worse", False),
    ],
)
def test_it_advises_with_its_exit_code(  # noqa: PLR0917 - columns of a table
    atlas_perf, keep: Keep, step, options, exit_code, last: str, warned: bool
) -> None:
    keep(step=step)
    outcome = atlas_perf("trend", *options)
    assert (outcome.exit_code, outcome.stdout.splitlines()[-1]) == (exit_code, last)
    assert ("confirm it with pairs of runs" in outcome.stderr) is warned


def test_a_change_is_in_the_table_and_in_the_picture(atlas_perf, keep: Keep) -> None:
    keep(step=1.3)
    lines = atlas_perf("trend").stdout.splitlines()
    assert lines[1:3] == [
        "  http_req_duration p(95)",
        "  api · staging · 30 sessions · 2026-09-01 … 2026-09-30 · fingerprint "
        + lines[2].split()[-1],
    ]
    (row,) = [line for line in lines if "✗ worse" in line]
    assert row.split()[:3] == ["2026-09-25", "03:00", "v1.24"]
    assert row.split()[-4:-2][0].startswith("+")
    picture = lines[3:11]
    assert [line[10] for line in picture] == list("┤│││││┤└")
    assert sum(line.count("•") for line in picture) == 30
    arrow = picture[-1].index("▲")
    assert all(line[arrow] in "┊•" for line in picture[:-1])
    level = [line for line in picture[:-1] if "─" in line]
    assert level[0].rstrip().endswith(("─", "•"))  # the new level is above the old one
    assert level[0].index("─") > arrow > level[-1].index("─")


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("number", [20, 30, 150, 1000])
def test_the_picture_keeps_to_the_width_and_has_every_change(width: int, number: int) -> None:
    points = [TrendPoint("", "", 1, float(value % 7)) for value in range(number)]
    changes = [
        ChangePoint(index, 1.0, 2.0, 1.0, 0.0, direction, recent=False)
        for index, direction in ((7, Direction.WORSE), (number - 1, Direction.BETTER))
    ]
    series = TrendSeries(
        "api", "", "", "", "m", "p(95)", True, tuple(points), tuple(changes), judged=True
    )
    lines = trend_picture(series, "0s", "6ms", Paint(False), width)
    assert max(map(columns, lines)) <= width
    assert (lines[-1].count("▲"), lines[-1].count("▼")) == (1, 1)
    assert lines[0].startswith("      6ms ┤")
    assert lines[-2].startswith("       0s ┤")


def test_a_series_that_never_differs_is_a_line_in_the_middle_with_one_label() -> None:
    points = (TrendPoint("", "", 1, 3.0),) * 20
    series = TrendSeries("api", "", "", "", "m", "p(95)", True, points, (), judged=True)
    lines = trend_picture(series, "3ms", "3ms", Paint(False), 80)
    assert [line for line in lines if "•" in line] == [line for line in lines if "3ms ┤" in line]
    assert len([line for line in lines if "3ms" in line]) == 1


def test_lines_keep_to_the_width(atlas_perf, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(step=1.3)
    monkeypatch.setattr("atlas_perf.cli.trend.report_width", lambda: 80)
    outcome = atlas_perf("trend")
    assert max(map(columns, outcome.stdout.splitlines())) <= 80
    assert "\x1b" not in outcome.stdout


def test_colours_change_nothing_else(
    atlas_perf, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(step=1.3)
    plain = atlas_perf("trend").stdout
    monkeypatch.setattr("atlas_perf.cli.trend.wants_colour", lambda _stream: True)
    coloured = atlas_perf("trend").stdout
    assert "\x1b[31m▲\x1b[0m" in coloured
    for code in ("1", "2", "31", "32", "33", "0", "1;97;41"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured.replace("   ! WORSE", "  ! WORSE").replace("WORSE   1", "WORSE  1") == plain


def test_json_satisfies_its_schema(atlas_perf, keep: Keep) -> None:
    keep(step=1.3)
    write(Path("results/torn"), run(99))
    Path("results/torn/summary.json").write_text("{")
    write(Path("results/other"), run(98, facts={"cpu_model": "another"}))
    write(Path("results/invalid"), run(97, verdict=Verdict.INVALID))
    plain = json.loads(atlas_perf("trend", "results", "--json").stdout)
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(plain)
    assert (plain["regressions"], plain["exit_code"]) == (1, 0)
    assert [len(one["points"]) for one in plain["series"]] == [1, 1, 30, 30]
    assert plain["series"][2]["unlike"] == "CPU model a CPU and another"
    assert [any(each in one for each in ("torn", "INVALID")) for one in plain["left_out"]] == [
        True,
        True,
    ]
    (change,) = plain["series"][2]["change_points"]
    assert (change["index"], change["direction"], change["recent"]) == (24, "worse", True)


def test_the_picture_for_browsers_is_well_formed_and_has_every_point(
    atlas_perf, keep: Keep
) -> None:
    keep(step=1.3, name="<api> & co")
    assert atlas_perf("trend", "--svg", "trend.svg").exit_code == 0
    root = ElementTree.parse("trend.svg").getroot()
    names = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert names.count("circle") == names.count("title") == 60  # two series of 30
    texts = [one.text for one in root.iter() if one.text]
    assert "<api> & co · staging · 30 sessions" in texts
    assert any(text.startswith("+") and text.endswith(" %") for text in texts)
    for one in root.iter():
        for key, size in (("cx", WIDTH), ("x", WIDTH), ("x2", WIDTH), ("cy", PANEL), ("y2", PANEL)):
            assert 0 <= float(one.get(key, "0")) <= size


def test_a_picture_of_no_history_says_so_and_one_without_a_folder_is_told(atlas_perf) -> None:
    assert atlas_perf("trend", "--svg", "trend.svg").exit_code == ExitCode.NO_DATA
    assert "There is no history" in Path("trend.svg").read_text(encoding="utf-8")
    outcome = atlas_perf("trend", "--svg", "gone/trend.svg")
    assert outcome.exit_code == ExitCode.INVALID
    assert "the picture cannot be written to gone/trend.svg: No such file" in outcome.stderr


def test_the_schema_has_the_fields_of_a_trend_and_no_other() -> None:
    schema_of(Trend, SCHEMA)


@pytest.mark.parametrize(
    ("number", "options", "exit_code", "words"),
    [
        (0, (), ExitCode.NO_DATA, "There is no history"),
        (19, (), ExitCode.NO_DATA, "Not enough history: 19 of 20 sessions"),
        (20, (), 0, "No change for the worse"),
        (20, ("--scenario", "smoke"), ExitCode.NO_DATA, "There is no history"),
        (2, ("--metric", "nothing p(95)"), ExitCode.USAGE, "no run kept enough of nothing p(95)"),
        (2, ("--metric", "nothing"), ExitCode.USAGE, "write 'http_req_duration p(95)'"),
        (2, ("gone",), ExitCode.NO_DATA, "gone: there is no such results folder"),
    ],
)
def test_too_little_and_wrong_usage_are_told(  # noqa: PLR0917 - columns of a table
    atlas_perf, keep: Keep, number, options, exit_code, words
) -> None:
    keep(number=number)
    outcome = atlas_perf("trend", *options)
    assert outcome.exit_code == exit_code
    assert words in outcome.stdout + outcome.stderr


def test_runs_of_a_folder_are_added_and_none_counts_twice(atlas_perf, keep: Keep) -> None:
    keep(number=19)
    write(Path("results/0"), run(0, math.exp(Random(1).gauss(0, 0.02))))  # the first, kept already
    assert atlas_perf("trend", "results").exit_code == ExitCode.NO_DATA
    write(Path("results/1"), run(40))
    assert atlas_perf("trend", "results").exit_code == 0


def test_without_the_extra_one_sentence_says_what_to_install(
    atlas_perf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_points, "find_spec", lambda _name: None)
    outcome = atlas_perf("trend")
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.USAGE, "")
    (line,) = outcome.stderr.splitlines()
    assert line.endswith("is not installed: pip install 'atlas-perf[history]'")


def test_a_narrow_encoding_gets_signs_of_its_own(atlas_perf, keep: Keep) -> None:
    keep(step=1.3)
    for character in set(atlas_perf("trend").stdout):
        if not character.isascii():
            error = UnicodeEncodeError("ascii", character, 0, 1, "")
            replaced, _ = _narrowed(error)
            assert len(replaced) == 1, character
