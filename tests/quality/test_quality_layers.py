"""Imports point down, and each third-party package has one owner."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from import_rules import Import, imports_of, offence


def found_imports(checkout: Path) -> list[Import]:
    root = checkout / "atlas_perf"
    files = [file for kind in ("py", "pyx", "pxd") for file in root.rglob(f"*.{kind}")]
    return [
        found
        for file in files
        if file != root / "__init__.py"  # names its exports for type checkers, loads none
        for found in imports_of(file.read_text(), str(file.relative_to(root)))
    ]


def test_every_import_points_down_and_to_its_owner(checkout: Path) -> None:
    found = found_imports(checkout)
    broken = [f"{each}: {reason}" for each in found if (reason := offence(each))]
    assert len(found) > 100
    assert broken == []


def test_scenarios_need_only_the_public_names(checkout: Path) -> None:
    for file in (checkout / "scenarios").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            modules = (
                [name.name for name in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not [each for each in modules if each.startswith("atlas_perf.")], file


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("from atlas_perf.cli.main import main", "judge/verdict.py"),
        ("from atlas_perf.report.console import render_console", "judge/verdict.py"),
        ("from atlas_perf import coordinator", "worker/process.py"),
        ("import atlas_perf.target.state", "coordinator/run.py"),
        ("from atlas_perf.model.plan import TestPlan", "target/state.py"),
        ("from atlas_perf.target.server import serve", "null_server/__main__.py"),
        ("from atlas_perf.null_server.answering import Answering", "worker/session.py"),
        ("from atlas_perf.worker.alarm import Alarm", "null_server/__main__.py"),
        ("def f():\n    import msgpack", "worker/process.py"),
        ("import requests", "protocols/http/client.py"),
        ("from .plan import TestPlan", "model/summary.py"),
        ("from atlas_perf.worker.recorder cimport Recorder", "sketch/ddsketch.pyx"),
        ("cimport numpy", "sketch/ddsketch.pyx"),
    ],
)
def test_an_import_against_the_rules_is_found(source: str, file: str) -> None:
    (found,) = imports_of(source, file)
    assert offence(found) is not None


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("from atlas_perf.judge.thresholds import Judge", "cli/session.py"),
        ("import atlas_perf", "loader/names.py"),
        ("from atlas_perf.model.series import Series", "model/batch.py"),
        ("from atlas_perf.sketch.ddsketch cimport Sketch", "worker/recorder.pyx"),
        ("from atlas_perf.loop import run", "target/server.py"),
        ("import uvloop", "loop.py"),
    ],
)
def test_an_import_within_the_rules_is_not(source: str, file: str) -> None:
    (found,) = imports_of(source, file)
    assert offence(found) is None


def test_a_new_part_must_be_given_its_layer() -> None:
    (found,) = imports_of("from atlas_perf.errors import UsageError", "helpers/misc.py")
    with pytest.raises(LookupError, match="helpers"):
        offence(found)
