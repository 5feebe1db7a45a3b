"""Every sentence that a file can be refused with on import, with the line it blames."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.errors import ExitCode, ScenarioError
from atlas_perf.loader import load_scenario_file

DEFAULT = "async def default(vu): ...\n"

# What the file says, the line to blame, the sentence.
FILES = {
    "syntax": ("options = {}\nasync def default(vu:\n    ...\n", 2, "'(' was never closed"),
    "indentation": (
        "async def default(vu):\npass\n",
        2,
        "expected an indented block after function definition on line 1",
    ),
    "raises on import": (
        "rate = 1\nrate = rate / 0\n",
        2,
        "importing the file raised ZeroDivisionError: division by zero",
    ),
    "raises in a function of the file": (
        "def read():\n    raise KeyError('TOKEN')\n\nread()\n",
        2,
        "importing the file raised KeyError: 'TOKEN'",
    ),
    "raises in a library": (
        "import json\n\njson.loads('')\n",
        3,
        "importing the file raised JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    ),
    "raises without a message": (
        "raise RuntimeError\n",
        1,
        "importing the file raised RuntimeError",
    ),
    "raises with a long message": (
        "raise RuntimeError('one\\n  two')\n",
        1,
        "importing the file raised RuntimeError: one two",
    ),
    "exits": ("\nraise SystemExit(3)\n", 2, "importing the file raised SystemExit: 3"),
    "module that is not there": (
        "import nowhere_to_be_found\n",
        1,
        "importing the file raised ModuleNotFoundError: No module named 'nowhere_to_be_found'",
    ),
    "name of our own that is not there": (
        "from atlas_perf import Trned\n",
        1,
        "importing the file raised ImportError: cannot import name 'Trned' from 'atlas_perf' "
        f"({Path(__file__).parents[2] / 'atlas_perf' / '__init__.py'})",
    ),
    "metric named like a built-in one": (
        "from atlas_perf import Trend\nTrend('http_reqs')\n",
        2,
        "metric 'http_reqs' is built in: give this Trend('http_reqs') another name",
    ),
    "metric with a bad name": (
        "from atlas_perf import Rate\n\nRate('my rate')\n",
        3,
        "Rate('my rate') is not a metric name: use up to 128 letters, digits and underscores, "
        "and no digit first",
    ),
    "metric defined twice": (
        "from atlas_perf import Counter, Trend\nTrend('a', is_time=True)\nCounter('a')\n",
        3,
        "metric 'a' is already defined as trend of time: give this counter another name",
    ),
    "no default": ("x = 1\n", 1, "there is no function `default`: write `async def default(vu)`"),
    "no default beside options": (
        "x = 1\noptions = {}\n",
        2,
        "there is no function `default`: write `async def default(vu)`",
    ),
    "default misspelt": (
        "async def defualt(vu): ...\n",
        1,
        "there is no function `default`: did you mean 'defualt'?",
    ),
    "default not asynchronous": (
        "\ndef default(vu): ...\n",
        2,
        "`default` is not asynchronous: write `async def default(vu)` "
        "or `async def default(vu, data)`",
    ),
    "default a generator": (
        "async def default(vu):\n    yield\n",
        1,
        "`default` yields, so it is a generator: write `async def default(vu)` "
        "or `async def default(vu, data)` without `yield`",
    ),
    "default no function": (
        "default = 3\n",
        1,
        "`default` is not a function: write `async def default(vu)` "
        "or `async def default(vu, data)`",
    ),
    "default without arguments": (
        "async def default(): ...\n",
        1,
        "`default` takes 0 arguments: write `async def default(vu)` "
        "or `async def default(vu, data)`",
    ),
    "default with too many arguments": (
        "async def default(vu, data, more): ...\n",
        1,
        "`default` takes 3 arguments: write `async def default(vu)` "
        "or `async def default(vu, data)`",
    ),
    "default with an argument nobody fills": (
        "async def default(vu, *, token): ...\n",
        1,
        "`default` needs the keyword argument `token`: write `async def default(vu)` "
        "or `async def default(vu, data)`",
    ),
    "setup not asynchronous": (
        DEFAULT + "def setup(): ...\n",
        2,
        "`setup` is not asynchronous: write `async def setup()` or `async def setup(vu)`",
    ),
    "setup with too many arguments": (
        DEFAULT + "async def setup(vu, data): ...\n",
        2,
        "`setup` takes 2 arguments: write `async def setup()` or `async def setup(vu)`",
    ),
    "teardown with too many arguments": (
        DEFAULT + "async def teardown(vu, data, more): ...\n",
        2,
        "`teardown` takes 3 arguments: write `async def teardown()` or "
        "`async def teardown(vu)` or `async def teardown(vu, data)`",
    ),
    "options no dict": (
        "options = [1]\n" + DEFAULT,
        1,
        "`options` must be a dict, not list",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_loaded(case: str, tmp_path: Path) -> None:
    text, line, sentence = FILES[case]
    path = tmp_path / "api.py"
    path.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        load_scenario_file(path, {})
    assert str(refused.value) == f"{path}:{line}: {sentence}"
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"api\.py: cannot be read: No such file"):
        load_scenario_file(tmp_path / "api.py", {})


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "api.py"
    path.write_bytes(b"x = 1\ny = '\xff'\n")
    with pytest.raises(ScenarioError, match=r"api\.py:\d: .*utf-8"):
        load_scenario_file(path, {})


def test_a_null_byte(tmp_path: Path) -> None:
    path = tmp_path / "api.py"
    path.write_bytes(b"x = 1\x00\n")
    with pytest.raises(ScenarioError, match=r"api\.py:1: source code .*null bytes"):
        load_scenario_file(path, {})


def test_a_syntax_error_in_a_sibling_names_the_sibling(tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_text("ramp = [\n")
    path = tmp_path / "api.py"
    path.write_text("import shapes\n" + DEFAULT)
    with pytest.raises(ScenarioError) as refused:
        load_scenario_file(path, {})
    assert str(refused.value) == f"{tmp_path / 'shapes.py'}:1: '[' was never closed"
