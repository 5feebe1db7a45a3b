"""docs/traps.md names a test for each trap, and it is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (\d+) \|")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def named_tests() -> dict[int, list[tuple[str, str]]]:
    """File and function of the tests in the row of each trap."""
    rows: dict[int, list[tuple[str, str]]] = {}
    for line in (CHECKOUT / "docs" / "traps.md").read_text().splitlines():
        row = _ROW.match(line)
        if row is not None:
            rows[int(row[1])] = _TEST.findall(line)
    return rows


def functions(file: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_all_fifteen_have_tests_that_are_there() -> None:
    rows = named_tests()
    assert list(rows) == list(range(1, 16))
    assert [number for number, tests in rows.items() if not tests] == []
    missing = [
        f"{file}::{name}"
        for tests in rows.values()
        for file, name in tests
        if not (CHECKOUT / file).is_file() or name not in functions(CHECKOUT / file)
    ]
    assert missing == []
