"""Who may say an option of `run`, and who wins: key by key, from the defaults to the flags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command_outcome import Outcome

from atlas_perf.cli import load_options, run
from atlas_perf.cli.config_file import RUN, config_file
from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.toml_lines import TomlLines
from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.loader.profiles import PROFILES
from atlas_perf.model.plan import Stage
from atlas_perf.units import NS_PER_S

Command = Callable[..., Outcome]


class Key(NamedTuple):
    """One option: its default, and what file, variable and flag may say of it."""

    field: str  # of the request
    default: Any
    file: tuple[str, Any] | None = None  # a line below [run]
    variable: tuple[str, str, Any] | None = None
    flag: tuple[str, str, Any] | None = None


SHARED = [
    Key(
        "environment",
        None,
        ('environment = "local"', EnvironmentName.LOCAL),
        ("ATLAS_PERF_ENVIRONMENT", "staging", EnvironmentName.STAGING),
        ("--environment", "embedded", EnvironmentName.EMBEDDED),
    ),
    Key(
        "duration_scale",
        1.0,
        ("duration_scale = 2", 2.0),
        ("ATLAS_PERF_DURATION_SCALE", "3", 3.0),
        ("--duration-scale", "4", 4.0),
    ),
    Key(
        "vus_scale",
        1.0,
        ("vus_scale = 0.5", 0.5),
        ("ATLAS_PERF_VUS_SCALE", "3", 3.0),
        ("--vus-scale", "4", 4.0),
    ),
    Key(
        "processes",
        None,
        ("processes = 2", 2),
        ("ATLAS_PERF_PROCESSES", "3", 3),
        ("--processes", "auto", None),
    ),
    Key("seed", None, ("seed = 0", 0), ("ATLAS_PERF_SEED", "3", 3), ("--seed", "4", 4)),
    Key(
        "baselines",
        None,
        ('baselines = "our.toml"', Path("../our.toml")),
        ("ATLAS_PERF_BASELINES", "that.toml", Path("that.toml")),
        ("--baselines", "shipped", Path("shipped")),
    ),
    Key(
        "results_dir",
        Path("results"),
        ('results_dir = "kept"', Path("../kept")),
        ("ATLAS_PERF_RESULTS_DIR", "there", Path("there")),
        ("--results-dir", "here", Path("here")),
    ),
    Key(
        "outputs",
        (),
        ('out = "json=a"', ("json=a",)),
        ("ATLAS_PERF_OUT", "json=b", ("json=b",)),
        ("--out", "json=c", ("json=c",)),
    ),
    Key(
        "out_interval_s",
        1,
        ('out_interval = "2s"', 2),
        ("ATLAS_PERF_OUT_INTERVAL", "3s", 3),
        ("--out-interval", "1m", 60),
    ),
    Key(
        "payload_bytes",
        None,
        ('payload = "2kB"', 2_000),
        ("ATLAS_PERF_PAYLOAD", "3kB", 3_000),
        ("--payload", "4kB", 4_000),
    ),
    Key("calibrate", False, ("calibrate = true", True), ("ATLAS_PERF_CALIBRATE", "false", False)),
    Key("quiet", False, ("quiet = true", True), ("ATLAS_PERF_QUIET", "false", False)),
]

LOADS = [
    Key("vus", None, None, ("ATLAS_PERF_VUS", "3", 3), ("--vus", "4", 4)),
    Key(
        "duration_ns",
        None,
        None,
        ("ATLAS_PERF_DURATION", "3s", 3 * NS_PER_S),
        ("--duration", "4s", 4 * NS_PER_S),
    ),
    Key("iterations", None, None, ("ATLAS_PERF_ITERATIONS", "3", 3), ("--iterations", "4", 4)),
    Key("rate", None, None, ("ATLAS_PERF_RATE", "3", 3), ("--rate", "4", 4)),
    Key(
        "stages",
        (),
        None,
        ("ATLAS_PERF_STAGES", "5s:10, 1m:0", (Stage(5 * NS_PER_S, 10), Stage(60 * NS_PER_S, 0))),
        ("--stage", "1s:2", (Stage(NS_PER_S, 2),)),
    ),
    Key(
        "stages",
        (),
        None,
        ("ATLAS_PERF_PROFILE", "spike", PROFILES["spike"]),
        ("--profile", "soak", PROFILES["soak"]),
    ),
    Key(
        "warm_up_ns",
        None,
        None,
        ("ATLAS_PERF_WARM_UP", "3s", 3 * NS_PER_S),
        ("--warm-up", "4s", 4 * NS_PER_S),
    ),
    Key(
        "tags",
        {},
        None,
        ("ATLAS_PERF_TAGS", "a=1,b=2", {"a": "1", "b": "2"}),
        ("--tag", "c=3", {"c": "3"}),
    ),
]

KEYS = [*SHARED, *LOADS]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, and the folder below it that commands run in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


@pytest.fixture
def ask(atlas_perf: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunRequest]:
    """What `run` would do, without doing it."""
    asked: list[RunRequest] = []

    def note(request: RunRequest) -> ExitCode:
        asked.append(request)
        return ExitCode.PASS

    monkeypatch.setattr(run, "run_request", note)

    def command(*arguments: str) -> RunRequest:
        outcome = atlas_perf("run", *arguments)
        assert outcome.exit_code == 0, outcome.stderr
        return asked[-1]

    return command


def write(folder: Path, *lines: str) -> None:
    (folder / "atlas-perf.toml").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.variable[0])
def test_each_layer_wins_over_the_one_before(
    project: Path, ask: Callable[..., RunRequest], monkeypatch: pytest.MonkeyPatch, key: Key
) -> None:
    def asked(*arguments: str) -> tuple[Any, str | None]:
        request = ask(*arguments)
        sources = [key.field, "profile"] if key.field == "stages" else [key.field]
        return (
            getattr(request, key.field),
            next((request.sources[name] for name in sources if name in request.sources), None),
        )

    assert asked() == (key.default, None)
    if key.file is not None:
        write(project, "[run]", "", key.file[0])
        assert asked() == (key.file[1], "../atlas-perf.toml:3")
    assert key.variable is not None
    name, text, value = key.variable
    monkeypatch.setenv(name, text)
    assert asked() == (value, name)
    if key.flag is not None:
        flag, text, value = key.flag
        assert asked(flag, text) == (value, flag)
    monkeypatch.setenv(name, "")  # is none
    expected = key.default if key.file is None else key.file[1]
    assert asked()[0] == expected


def test_no_key_is_left_out_of_this() -> None:
    fields = {key.field for key in SHARED}
    apart = {"env", "tags", "contract", "profile"}  # below
    assert {setting.parameter for setting in RUN.values()} - apart == fields
    options = [option for _, section in load_options.OF_RUN for option in section]
    tested = {key.variable[0] for key in KEYS if key.variable}
    variables = {option.variable for option in options if option.variable}
    elsewhere = {"ATLAS_PERF_CONTRACT", "ATLAS_PERF_LOG_FORMAT"}  # below; test_cli_json_log.py
    assert variables - elsewhere == tested


def test_variables_for_the_scenario(project, ask, monkeypatch) -> None:
    write(project, "[run.env]", 'A = "file"', 'B = "file"', 'C = "file"')
    monkeypatch.setenv("B", "process")
    monkeypatch.setenv("C", "process")
    assert ask("-e", "C=flag").env == {"A": "file", "C": "flag"}  # B is read from the process


@pytest.mark.parametrize(
    ("process", "variable", "arguments", "contract"),
    [
        (None, None, [], "deployed"),
        ("documented", None, [], None),  # read from the process
        (None, "documented", [], "documented"),
        ("deployed", "documented", [], "documented"),
        (None, "documented", ["-e", "CONTRACT=deployed"], "deployed"),
        (None, None, ["--contract", "documented"], "documented"),
    ],
)
def test_the_contract(*, project, ask, monkeypatch, process, variable, arguments, contract) -> None:
    write(project, "[run]", 'contract = "deployed"')
    for name, value in (("CONTRACT", process), ("ATLAS_PERF_CONTRACT", variable)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert ask(*arguments).env.get("CONTRACT") == contract


def test_tags_and_options_of_the_file_lie_under_the_scenarios(project, ask) -> None:
    write(project, "[run]", 'profile = "smoke"', 'tags = { team = "a" }', "[options]", "batch = 3")
    request = ask("--tag", "x=y")
    assert (request.tags, request.default_tags) == ({"x": "y"}, {"team": "a"})
    assert request.option_defaults is not None
    assert request.option_defaults.options == {
        "batch": 3,
        "stages": [{"duration": "1m", "target": 5}],
    }
    assert request.option_defaults.line_of(("stages", 0)) == 2
    assert request.option_defaults.line_of(("batch",)) == 5


def test_a_kind_of_load_on_the_command_line_replaces_that_of_the_variables(
    project, ask, monkeypatch
) -> None:
    monkeypatch.setenv("ATLAS_PERF_STAGES", "5s:10")
    monkeypatch.setenv("ATLAS_PERF_VUS", "7")
    request = ask("-d", "9s")
    assert (request.stages, request.duration_ns, request.vus) == ((), 9 * NS_PER_S, 7)
    assert "stages" not in request.sources


def test_which_file_is_read(project, ask, monkeypatch) -> None:
    write(project, "[run]", "seed = 1")
    (project / "other.toml").write_text("[run]\nseed = 2\n")
    (project / "third.toml").write_text("[run]\nseed = 3\n")
    assert ask().seed == 1
    monkeypatch.setenv("ATLAS_PERF_CONFIG", "../other.toml")
    assert ask().seed == 2
    assert ask("--config", "../third.toml").seed == 3
    assert ask("--no-config").seed is None
    assert ask("--config", "../third.toml").config == Path("../third.toml")


def test_limits_hold_whichever_file_gives_the_defaults(atlas_perf, project) -> None:
    (project / "here" / "mine.py").write_text("async def default(vu):\n    pass\n")
    (project / "other.toml").write_text("max_vus = 3\n")
    write(project, "max_vus = 5")
    for arguments, limit in (
        (["--no-config"], 5),
        (["--config", "../other.toml", "-u", "4"], 3),
        (["--config", "../other.toml"], 5),
    ):
        refused = atlas_perf("run", "mine.py", "-u", "6", "-d", "1s", *arguments)
        assert refused.exit_code == 2
        assert f"max_vus = {limit}" in refused.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run = 3", "run must be a table: write its keys below a line [run]"),
        ("[ruin]", "there is no key 'ruin': did you mean 'run'?"),
        ("[run]\nsed = 1", ":2: [run] has no key 'sed': did you mean 'seed'?"),
        ("[run]\n\nvus = 1", ":3: [run] has no key 'vus': it is an option of scenarios, so write "),
        ("[run]\nallow_production = true", "only who runs the command may say --allow-production"),
        ('[run]\nenvironment = "stagin"', "not 'stagin': did you mean 'staging'?"),
        ("[run]\nprocesses = 0", ":2: [run] processes must be 'auto' or a whole number"),
        ("[run]\nseed = -1", ":2: [run] seed must be a whole number from 0"),
        ("[run]\nquiet = 1", ":2: [run] quiet must be true or false, not 1"),
        ("[run]\nduration_scale = nan", ":2: [run] duration_scale must be a number above 0"),
        ("[run]\nout = [1]", ":2: [run] out must be a text or a list of texts"),
        ("[run]\npayload = 5", ":2: [run] payload must be a size such as '8kB'"),
        ("[run.tags]\na = 1", ":1: [run] tags has a value for a that is no text"),
        ('[run.env]\nA_TOKEN = "x"', "must hold no secret, and the name A_TOKEN says"),
        ("[options]\n\nvuz = 1", ":3: `options` has an unknown key 'vuz': did you mean 'vus'?"),
        ("[options]\nduration = 5", ":2: `duration` must be a duration above 0"),
        ("[options]\niterations = 5\nstages = []", "`stages` must be"),
        ('[run]\nprofile = "load"\n[options]\nduration = "1s"', "are two kinds of load"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(atlas_perf, project, text, says) -> None:
    write(project, text)
    refused = atlas_perf("run", "smoke")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("atlas-perf: ../atlas-perf.toml:")
    assert says in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_wrong_variable_is_told_by_its_name(atlas_perf, project, monkeypatch) -> None:
    monkeypatch.setenv("ATLAS_PERF_DURATION", "5")
    refused = atlas_perf("run", "smoke")
    assert refused.exit_code == 2
    assert "ATLAS_PERF_DURATION" in refused.stderr
    assert "--duration" not in refused.stderr


def test_a_file_that_is_named_must_be_there(atlas_perf, project, monkeypatch) -> None:
    assert "no.toml" in atlas_perf("run", "smoke", "--config", "no.toml").stderr
    write(project, "")
    both = atlas_perf("run", "smoke", "--config", "../atlas-perf.toml", "--no-config")
    assert "exclude each other" in both.stderr
    with pytest.raises(UsageError, match=r"no\.toml: cannot be read"):
        config_file(None, {"ATLAS_PERF_CONFIG": "no.toml"})


def test_lines_of_tables_keys_and_what_is_inside() -> None:
    lines = TomlLines(
        '# a\n[run]\nseed = 1\n"odd" = 2\n[ run.env ] # b\nA = "x"\n[options]\nb.c = 1'
    )
    for path, line in (
        (("run",), 2),
        (("run", "seed"), 3),
        (("run", "odd"), 4),
        (("run", "env"), 5),
        (("run", "env", "A"), 6),
        (("options", "b", "c"), 8),
        (("options", "d", 0), 7),
        (("nothing",), 1),
    ):
        assert lines.of(path) == line, path
