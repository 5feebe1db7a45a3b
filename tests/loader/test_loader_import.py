"""Importing a scenario file changes nothing that the next import, or another process, could see."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

import atlas_perf
from atlas_perf.errors import ScenarioError
from atlas_perf.loader import build_plan, load_scenario_file
from atlas_perf.loader.module_import import compile_scenario, forget_current, import_scenario

DEFAULT = "async def default(vu): ...\n"


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder / "api.py"


def test_what_a_file_defines(tmp_path: Path) -> None:
    source = (
        "from atlas_perf import Gauge\n"
        "gauge = Gauge('open_sockets', across_workers='sum')\n"
        "async def setup(): ...\n"
        "async def browse(vu, data): ...\n"
        "async def _private(vu): ...\n"
        "def plain(vu): ...\n" + DEFAULT
    )
    path = write(tmp_path, api=source)
    scenario_file = load_scenario_file(path, {})
    assert scenario_file.name == "api"
    assert scenario_file.file == str(path)
    assert scenario_file.sha256 == hashlib.sha256(source.encode()).hexdigest()
    assert [metric.name for metric in scenario_file.metrics] == ["open_sockets"]
    assert sorted(scenario_file.functions) == ["browse", "default"]
    assert scenario_file.setup is not None
    assert scenario_file.teardown is None


async def test_functions_take_what_they_ask_for_and_no_more(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        api=(
            "async def setup(): return ['setup']\n"
            "async def teardown(vu): return ['teardown', vu]\n"
            "async def default(vu): return ['default', vu]\n"
            "async def both(vu, data): return ['both', vu, data]\n"
            "async def any_number(*arguments): return ['any', *arguments]\n"
        ),
    )
    scenario_file = load_scenario_file(path, {})
    assert scenario_file.setup is not None
    assert scenario_file.teardown is not None
    assert await scenario_file.setup("vu") == ["setup"]
    assert await scenario_file.teardown("vu", "data") == ["teardown", "vu"]
    assert await scenario_file.call_default()("vu", "data") == ["default", "vu"]
    assert await scenario_file.call_default("both")("vu", "data") == ["both", "vu", "data"]
    assert await scenario_file.call_default("any_number")("vu", "data") == ["any", "vu", "data"]


def test_asking_for_a_function_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, api=DEFAULT)
    with pytest.raises(ScenarioError, match=r"api\.py:1: there is no function `deafult`: did you"):
        load_scenario_file(path, {}).call_default("deafult")


def test_variables_are_there_while_the_file_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_PROCESS", "process")
    monkeypatch.setenv("IN_BOTH", "process")
    path = write(
        tmp_path,
        api="from atlas_perf import env\n"
        "options = {'tags': {name: env[name] for name in ('GIVEN', 'FROM_PROCESS', 'IN_BOTH')}}\n"
        + DEFAULT,
    )
    plan = build_plan(load_scenario_file(path, {"GIVEN": "given", "IN_BOTH": "given"})).plan
    assert plan.tags == {"GIVEN": "given", "FROM_PROCESS": "process", "IN_BOTH": "given"}
    # What only the process knows stays out of the plan.
    assert plan.env == {}
    with pytest.raises(
        ScenarioError, match=r"api\.py:2: the variable GIVEN is not set: give it with -e GIVEN=…"
    ):
        load_scenario_file(path, {})


def test_two_files_each_have_their_own_siblings(tmp_path: Path) -> None:
    sibling = "from atlas_perf import Counter\ncounter = Counter('{0}')\nname = '{0}'\n"
    file = "import shapes\noptions = {'tags': {'shapes': shapes.name}}\n" + DEFAULT
    one = write(tmp_path / "one", api=file, shapes=sibling.format("one"))
    two = write(tmp_path / "two", api=file, shapes=sibling.format("two"))
    for path, name in ((one, "one"), (two, "two"), (one, "one"), (one, "one")):
        scenario_file = load_scenario_file(path, {})
        assert scenario_file.options == {"tags": {"shapes": name}}
        # A sibling's metrics are the file's own, on every import.
        assert [metric.name for metric in scenario_file.metrics] == [name]
    assert sys.path.count(str(tmp_path / "one")) == 1
    assert str(tmp_path / "two") not in sys.path


async def test_a_sibling_can_be_a_package_and_be_imported_late(tmp_path: Path) -> None:
    package = tmp_path / "flows"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "browse.py").write_text("pages = 3\n")
    (package / "late.py").write_text("pages = 4\n")
    path = write(
        tmp_path,
        api="from flows.browse import pages\n"
        "async def later(vu):\n    from flows.late import pages\n    return pages\n"
        "options = {'iterations': pages}\n" + DEFAULT,
    )
    for _ in range(2):
        scenario_file = load_scenario_file(path, {})
        assert scenario_file.options == {"iterations": 3}
    assert await scenario_file.call_default("later")("vu", "data") == 4
    # Of another length: Python takes bytecode of the same second and length for it.
    (package / "late.py").write_text("pages = 50\n")
    assert await load_scenario_file(path, {}).call_default("later")("vu", "data") == 50


def test_an_edited_sibling_is_read_again_and_nothing_is_left_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = "import shapes\noptions = {'iterations': shapes.n}\n" + DEFAULT
    path = write(tmp_path, api=file, shapes="n = 1\n")
    assert load_scenario_file(path, {}).options == {"iterations": 1}
    # Same size, same second: a bytecode cache could not tell these apart.
    write(tmp_path, shapes="n = 2\n")
    assert load_scenario_file(path, {}).options == {"iterations": 2}
    assert sorted(item.name for item in tmp_path.iterdir()) == ["api.py", "shapes.py"]
    assert not sys.dont_write_bytecode


def test_a_file_beside_our_own_package_does_not_unload_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checkout = Path(atlas_perf.__file__).parents[1]
    for name in ("shapes", "atlas_perf.shapes"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import_scenario(compile_scenario(b"", "api.py"), checkout / "api.py", {})
    for name in ("shapes", "atlas_perf.shapes"):  # as if the file had been first to import them
        module = ModuleType(name)
        module.__file__ = str(checkout / f"{name.replace('.', '/')}.py")
        monkeypatch.setitem(sys.modules, name, module)
    forget_current()
    assert "atlas_perf.shapes" in sys.modules
    assert "shapes" not in sys.modules


def test_a_file_that_fails_leaves_no_module_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    with pytest.raises(ScenarioError):
        load_scenario_file(write(tmp_path, api="1 / 0\n"), {})
    assert set(sys.modules) == before


def test_dataclasses_and_annotations_work_in_a_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        api="from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from typing import ClassVar\n"
        "@dataclass\nclass Task:\n    kinds: ClassVar[int] = 3\n    name: str = 'x'\n"
        "options = {'tags': {'task': Task().name}}\n" + DEFAULT,
    )
    assert load_scenario_file(path, {}).options == {"tags": {"task": "x"}}


def test_our_own_future_imports_do_not_reach_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, api="def f(x: int): ...\nassert f.__annotations__['x'] is int\n" + DEFAULT
    )
    load_scenario_file(path, {})
