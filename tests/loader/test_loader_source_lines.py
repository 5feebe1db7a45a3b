"""Finding the line of an option however the options are put together."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from atlas_perf.loader.problem import OptionPath, written
from atlas_perf.loader.source_lines import SourceLines

# The file, the way to the option, its line.
ROWS: dict[str, tuple[str, OptionPath, int | None]] = {
    "no options": ("x = 1", ("vus",), None),
    "options themselves": ("\noptions = {}", (), 2),
    "annotated": ("\noptions: Options = {\n'vus': 1}", ("vus",), 3),
    "declared but not bound": ("options: Options", ("vus",), None),
    "the last assignment": ("options = {}\noptions = {\n'vus': 1}", ("vus",), 3),
    "inside a block": ("if True:\n    options = {\n    'vus': 1}", ("vus",), 3),
    "inside an exception handler": ("try: ...\nexcept E:\n    options = {\n'vus': 1}", ("vus",), 4),
    "inside a match": ("match x:\n  case 1:\n    options = {\n'vus': 1}", ("vus",), 4),
    "not inside a function": ("options = {}\ndef f():\n    options = {'vus': 1}", ("vus",), 1),
    "key that is not there": ("\noptions = {\n'vus': 1}", ("nope",), 2),
    "the last of equal keys": ("options = {'vus': 1,\n'vus': 2}", ("vus",), 2),
    "deep": (
        "options = {'scenarios': {\n'api': {\n'stages': [\n{'target': 1},\n{'target': 2}]}}}",
        ("scenarios", "api", "stages", 1, "target"),
        5,
    ),
    "in a tuple": ("options = {'stages': (\n1,\n2)}", ("stages", 1), 3),
    "behind an unpacked list": ("options = {\n'stages': [*more,\n2]}", ("stages", 1), 2),
    "before an unpacked list": ("options = {\n'stages': [\n1,\n*more]}", ("stages", 0), 3),
    "past a list's end": ("options = {\n'stages': [1]}", ("stages", 5), 2),
    "as far as it is written": ("options = {\n'stages': ramp()}", ("stages", 0, "target"), 2),
    "through a name": ("ramp = [\n1,\n2]\noptions = {'stages': ramp}", ("stages", 1), 3),
    "through an import": (
        "from shapes import ramp\noptions = {\n'stages': ramp}",
        ("stages", 1),
        3,
    ),
    "imported themselves": ("\nfrom shapes import options", ("vus",), 2),
    "imported under that name": ("import a\nimport shapes as options", ("vus",), 2),
    "through unpacking": ("base = {\n'vus': 1}\noptions = {**base, 'tags': {}}", ("vus",), 2),
    "past unpacking": ("base = {\n'vus': 1}\noptions = {**base,\n'tags': {}}", ("tags",), 4),
    "through dict()": ("options = dict(\nvus=1,\ntags={\n'a': 1})", ("tags", "a"), 4),
    "through dict() of a dict": ("options = dict({\n'vus': 1}, x=2)", ("vus",), 2),
    "through dict() with unpacking": ("b = {\n'vus': 1}\noptions = dict(**b)", ("vus",), 2),
    "through a union": ("base = {\n'vus': 1}\noptions = base | {\n'tags': 1}", ("vus",), 2),
    "the right side of a union": (
        "base = {\n'vus': 1}\noptions = base | {\n'vus': 1}",
        ("vus",),
        4,
    ),
    "a name that is itself": ("options = options", ("vus",), 1),
}


@pytest.mark.parametrize("case", ROWS)
def test_line_of_option(case: str) -> None:
    text, path, line = ROWS[case]
    assert SourceLines(ast.parse(dedent(text))).of_option(path) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nasync def browse(vu): ...", 2),
        ("@decorated\nasync def browse(vu): ...", 2),
        ("from flows import (\n    other,\n    browse,\n)", 3),
        ("browse = make(1)", 1),
        ("class browse: ...", 1),
        ("other = 1", None),
    ],
)
def test_line_of_name(text: str, line: int | None) -> None:
    assert SourceLines(ast.parse(text)).of_name("browse") == line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "options"),
        (("vus",), "vus"),
        (("scenarios", "api", "stages", 1, "target"), "scenarios.api.stages[1].target"),
        (("thresholds", "a{b:c}", 0), 'thresholds["a{b:c}"][0]'),
        (("hosts", "a.test"), 'hosts["a.test"]'),
    ],
)
def test_a_path_as_people_write_it(path: OptionPath, text: str) -> None:
    assert written(path) == text
