"""Each compiled module's stub names what the module has, no more and no less."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

COMPILED = (
    "atlas_perf.sketch.ddsketch",
    "atlas_perf.null_server.answering",
    "atlas_perf.worker.alarm",
    "atlas_perf.scripting.metrics",
    "atlas_perf.worker.recorder",
    "atlas_perf.worker.user_samples",
    "atlas_perf.aggregate.series_table",
)


def classes_of(stub: Path) -> dict[str, set[str]]:
    return {
        node.name: {
            member.target.id if isinstance(member, ast.AnnAssign) else member.name
            for member in node.body
            if isinstance(member, ast.AnnAssign | ast.FunctionDef)
        }
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ClassDef)
    }


def functions_of(stub: Path) -> set[str]:
    body = ast.parse(stub.read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", COMPILED)
def test_stub_and_module_agree(name):
    module = import_module(name)
    stub = Path(module.__file__).parent / f"{name.rpartition('.')[2]}.pyi"
    stubbed = classes_of(stub)
    defined = {
        key for key, value in vars(module).items() if getattr(value, "__module__", "") == name
    }
    assert {key for key in defined if not key.startswith("_")} == {
        *stubbed,
        *functions_of(stub),
    }
    for class_name, members in stubbed.items():
        public = {key for key in vars(getattr(module, class_name)) if not key.startswith("_")}
        assert {key for key in members if not key.startswith("_")} == public


@pytest.mark.parametrize("name", COMPILED)
def test_help_shows_a_docstring_for_everything_public(name):
    module = import_module(name)
    for class_name in classes_of(Path(module.__file__).parent / f"{name.rpartition('.')[2]}.pyi"):
        described = getattr(module, class_name)
        assert described.__doc__
        for key, member in vars(described).items():
            if not key.startswith("_") and callable(member):
                assert member.__doc__, f"{class_name}.{key}"
