"""The written scenario: sound Python in the house's style, whatever the source says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import entry, write_har

from atlas_perf.convert.conversion import Code, Conversion, Group, Kept, Step, Text
from atlas_perf.convert.har import convert_har
from atlas_perf.convert.literals import literal
from atlas_perf.convert.openapi import convert_openapi
from atlas_perf.convert.scenario_text import scenario_text

ORCHESTRATOR = Path(__file__).parent / "data" / "orchestrator.yaml"

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)

HOSTILE = '"""\n__import__("os").abort()\n\\" {BASE_URL} \u2028 \x00 \ud800'


@given(PLAIN)
def test_a_literal_says_what_it_was_made_of(value: object) -> None:
    source = literal(value)  # type: ignore[arg-type]
    infinite = source.replace('float("inf")', "1e999").replace('float("-inf")', "-1e999")
    assert ast.literal_eval(infinite) == value


@given(st.text(), st.text())
def test_text_around_an_expression_stays_text(before: str, after: str) -> None:
    source = literal(Text((before, Code("middle"), after)))
    assert eval(source, {"middle": "<here>"}) == f"{before}<here>{after}"


def test_nothing_of_the_source_becomes_code() -> None:
    step = Step(
        title=HOSTILE,
        method='GET"',
        url=Text((Code("BASE_URL"), HOSTILE)),
        expected_status=200,
        name=HOSTILE,
        params={HOSTILE: HOSTILE},
        keeps=Kept("kept_id", (HOSTILE,)),
    )
    conversion = Conversion(
        HOSTILE, "har", HOSTILE, (Group(HOSTILE, (step,)),), notes=(HOSTILE, HOSTILE)
    )
    tree = ast.parse(scenario_text(conversion, "hostile.py"))
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert called == {"get", "group", "request", "check", "json", "import_os_abort_base_url"}


@pytest.mark.parametrize("source", ["har", "openapi"])
def test_a_written_scenario_is_formatted_typed_and_free_of_lint(
    source: str, tmp_path: Path
) -> None:
    if source == "har":
        recording = write_har(
            tmp_path / "shop.har",
            entry("GET", "https://shop.example/?q=1", page="a", headers={"Accept": "x" * 60}),
            entry("PROPFIND", "https://shop.example/dav", at_s=9, page="b"),
            pages={"a": "class", "b": "1 of 2"},
        )
        conversion = convert_har(recording)
    else:
        conversion = convert_openapi(ORCHESTRATOR)
    file = tmp_path / "written.py"
    file.write_text(scenario_text(conversion, file.name))
    for tool in (
        ["ruff", "format", "--check", "--isolated", "--line-length", "100"],
        ["ruff", "check", "--isolated", "--select", "E,F,I,B,UP,SIM", "--line-length", "100"],
        ["mypy", "--strict", "--no-incremental"],
    ):
        finished = subprocess.run(
            [sys.executable, "-m", *tool, str(file)], capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
