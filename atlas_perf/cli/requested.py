"""What a command with the options of `run` asks for, laid over each other from all who may say it:
defaults, the project's configuration, the scenario, environment variables, flags.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from atlas_perf.cli.config_file import ConfigFile, config_file
from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.request import RunRequest
from atlas_perf.errors import UsageError
from atlas_perf.loader import with_all
from atlas_perf.loader.profiles import PROFILES
from atlas_perf.model.plan import Stage

_KINDS_OF_LOAD = ("duration_ns", "iterations", "rate", "stages", "profile")
_CONTRACT = "CONTRACT"


def requested(
    ctx: click.Context,
    *,
    scenarios: tuple[str, ...],
    config: Path | None,
    no_config: bool,
    **options: Any,
) -> RunRequest:
    """The request of a command.

    Args:
        ctx: its object takes in each variable, so that an error knows what it must not quote.

    Raises:
        UsageError: two options contradict each other, or the configuration cannot be used.
    """
    file = config_file(config, os.environ, left_out=no_config)
    places = dict(_given(ctx))
    options = _with_one_kind_of_load(ctx, options, places)
    tags = dict(options.pop("tags", ()))
    default_tags: Mapping[str, str] = {}
    if file is not None:
        default_tags = file.run.get("tags", {})
        options = {**options, **_of_file(file, places)}
        of_file = dict(file.places)
        of_file.pop("profile", None)  # its stages are options lent to the scenario
        if "tags" in of_file:
            of_file["default_tags"] = of_file.pop("tags")
        places = {**of_file, **places}
    env = _variables(ctx.obj, options.pop("env", ()), file)
    places.pop("env", None)
    places.update(_places_of_variables(ctx, env, file))
    contract = options.pop("contract", None)
    if contract is not None:
        _agree_on_contract(env, contract, places["contract"], file)
    environment = options.pop("environment", None)
    return RunRequest(
        scenarios=with_all(scenarios),
        stages=_ramp(options.pop("profile", None), options.pop("stages", ())),
        environment=None if environment is None else EnvironmentName(environment),
        env=env,
        tags=tags,
        default_tags=default_tags,
        option_defaults=None if file is None else file.options,
        config=config,
        sources=places,
        **options,
    )


def _given(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """Parameters that a flag or a variable says, and which one it is."""
    for option in ctx.command.params:
        source = None if option.name is None else ctx.get_parameter_source(option.name)
        if option.name is None or not isinstance(option, click.Option) or not option.expose_value:
            continue
        if source is ParameterSource.COMMANDLINE:
            yield option.name, max(option.opts, key=len)
        elif source is ParameterSource.ENVIRONMENT and isinstance(option.envvar, str):
            yield option.name, option.envvar


def _with_one_kind_of_load(
    ctx: click.Context, options: Mapping[str, Any], places: dict[str, str]
) -> dict[str, Any]:
    """A kind of load on the command line replaces that of the variables, whatever is in it."""
    kept = dict(options)
    sources = {name: ctx.get_parameter_source(name) for name in _KINDS_OF_LOAD}
    if ParameterSource.COMMANDLINE in sources.values():
        for name, source in sources.items():
            if source is ParameterSource.ENVIRONMENT:
                kept[name] = () if name == "stages" else None
                del places[name]
    return kept


def _of_file(file: ConfigFile, places: Mapping[str, str]) -> dict[str, Any]:
    """What the file says and neither a flag nor a variable does; tags and variables apart."""
    return {
        name: value
        for name, value in file.run.items()
        if name not in places and name not in {"tags", "env"}
    }


def _variables(
    given: dict[str, str], env: tuple[tuple[str, str], ...], file: ConfigFile | None
) -> dict[str, str]:
    """Those of the file that the process has not, and each `-e` over them."""
    lent = {} if file is None else file.run.get("env", {})
    given.update({name: value for name, value in lent.items() if name not in os.environ})
    given.update(env)
    return given


def _places_of_variables(
    ctx: click.Context, env: Mapping[str, str], file: ConfigFile | None
) -> dict[str, str]:
    """Who says each variable, as `env NAME`."""
    given = {name for name, _ in ctx.params.get("env", ())}
    of_file = "" if file is None else file.places.get("env", "")
    return {f"env {name}": "-e" if name in given else of_file for name in env}


def _agree_on_contract(
    env: dict[str, str], contract: str, place: str, file: ConfigFile | None
) -> None:
    """Let the variable say the contract, unless it is said there by who comes first."""
    in_env = env.get(_CONTRACT)
    of_file = file is not None and file.places.get("contract") == place
    if place == "--contract" and in_env not in (None, contract):
        raise UsageError(
            f"--contract {contract} and -e CONTRACT={in_env} contradict each other: leave one out"
        )
    if in_env is None and not (of_file and _CONTRACT in os.environ):
        env[_CONTRACT] = contract


def _ramp(profile: str | None, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if profile is None:
        return stages
    if stages:
        raise UsageError("--profile and --stage are two ramps: leave one out")
    return PROFILES[profile]
