"""Which URL a run loads, and which variable is missing if none."""

from __future__ import annotations

import pytest

from atlas_perf.cli.environments import (
    Environment,
    EnvironmentName,
    resolve_environment,
)
from atlas_perf.errors import UsageError

EMBEDDED, LOCAL, STAGING, PRODUCTION = EnvironmentName


def resolve(name: EnvironmentName | None, shipped: bool = True, **variables: str) -> Environment:
    return resolve_environment(name, variables, shipped=shipped)


def test_a_shipped_scenario_meets_the_embedded_target_unless_told_otherwise() -> None:
    environment = resolve(None)
    assert environment.name is EMBEDDED
    assert environment.starts_target
    assert environment.at("http://127.0.0.1:4711").variables() == {
        "BASE_URL": "http://127.0.0.1:4711",
        "WS_URL": "ws://127.0.0.1:4711",
    }


def test_a_file_decides_for_itself() -> None:
    environment = resolve(None, shipped=False)
    assert environment.name is None
    assert not environment.starts_target
    assert environment.variables() == {}
    assert resolve(EMBEDDED, shipped=False).starts_target


def test_local_is_the_port_of_the_target() -> None:
    assert resolve(LOCAL).variables() == {
        "BASE_URL": "http://localhost:8088",
        "WS_URL": "ws://localhost:8088",
    }


def test_staging_prefers_the_load_test_url() -> None:
    both = resolve(
        STAGING,
        LOAD_TEST_URL="https://load.example",
        STAGING_URL="https://staging.example",
        STAGING_WS_URL="wss://staging.example/ws",
    )
    assert both.variables() == {
        "BASE_URL": "https://load.example",
        "WS_URL": "wss://staging.example/ws",
    }
    assert resolve(STAGING, STAGING_URL="https://staging.example/").base_url == (
        "https://staging.example"
    )


@pytest.mark.parametrize(
    ("name", "variable"),
    [(STAGING, "LOAD_TEST_URL or STAGING_URL"), (PRODUCTION, "PRODUCTION_URL")],
)
def test_a_missing_url_is_named(name: EnvironmentName, variable: str) -> None:
    with pytest.raises(UsageError, match=variable):
        resolve(name, STAGING_WS_URL="wss://staging.example", PRODUCTION_URL="")


@pytest.mark.parametrize("name", [None, *EnvironmentName])
def test_base_url_overrides_every_environment(name: EnvironmentName | None) -> None:
    environment = resolve(
        name, BASE_URL="https://here.example:8443", STAGING_URL="https://staging.example"
    )
    assert not environment.starts_target
    assert environment.variables() == {
        "BASE_URL": "https://here.example:8443",
        "WS_URL": "wss://here.example:8443",
    }


def test_ws_url_overrides_alone_as_well() -> None:
    environment = resolve(None, WS_URL="ws://elsewhere.example")
    assert environment.starts_target
    assert environment.at("http://127.0.0.1:4711").ws_url == "ws://elsewhere.example"


def test_production_without_a_websocket_url_leaves_it_unset() -> None:
    environment = resolve(PRODUCTION, PRODUCTION_URL="https://live.example")
    assert environment.variables() == {"BASE_URL": "https://live.example"}


@pytest.mark.parametrize(
    "url", ["here.example", "ftp://here.example", "http://", "http://host:port", "http://host:0"]
)
def test_what_is_no_url_is_refused_by_the_variables_name(url: str) -> None:
    with pytest.raises(UsageError, match="PRODUCTION_URL is not a URL"):
        resolve(PRODUCTION, PRODUCTION_URL=url)


def test_a_refused_url_is_not_printed_as_it_may_hold_a_password() -> None:
    with pytest.raises(UsageError) as error:
        resolve(None, BASE_URL="htp://ann:secret@here.example")
    assert "secret" not in str(error.value)
