"""The page of traps has all of them, and each names a test that exists."""

from __future__ import annotations

import ast
import re

from test_quality_documentation import CHECKOUT, DOCS

_TRAPS = 15
_ROW = re.compile(r"^\| (\d+) \|.*\| `(tests/[\w/]+\.py)::([\w:]+)` \|$", re.MULTILINE)


def names_in(source: str) -> set[str]:
    """Names of a file's tests as pytest writes them, without the file's."""
    found = set()
    for node in ast.parse(source).body:
        inner = [*node.body] if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {
            prefix + each.name
            for each in inner
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            and each.name.startswith("test_")
        }
    return found


def test_each_trap_has_a_law_whose_test_exists() -> None:
    rows = _ROW.findall((DOCS / "traps.md").read_text())
    assert [int(number) for number, _, _ in rows] == list(range(1, _TRAPS + 1))
    assert [
        f"{file}::{test}"
        for _, file, test in rows
        if not (CHECKOUT / file).is_file() or test not in names_in((CHECKOUT / file).read_text())
    ] == []


def test_tests_of_classes_are_told_from_those_of_the_file() -> None:
    source = "def test_a(): ...\nclass TestB:\n    async def test_c(self): ...\ndef d(): ...\n"
    assert names_in(source) == {"test_a", "TestB::test_c"}
