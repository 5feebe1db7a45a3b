"""Where the load goes: the named environments, and the variables that decide their URLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from atlas_perf.errors import UsageError

TOKEN_VARIABLES = ("AUTH_TOKEN", "A2A_TOKEN")
"""Passed on to scenarios, which send them; never printed."""


class EnvironmentName(StrEnum):
    EMBEDDED = "embedded"  # the reference target, started for the run on a free loopback port
    LOCAL = "local"
    STAGING = "staging"
    PRODUCTION = "production"


_LOCAL_URL = "http://localhost:8088"
_HTTP_VARIABLES = {
    EnvironmentName.STAGING: ("LOAD_TEST_URL", "STAGING_URL"),
    EnvironmentName.PRODUCTION: ("PRODUCTION_URL",),
}
_WS_VARIABLES = {
    EnvironmentName.STAGING: ("LOAD_TEST_WS_URL", "STAGING_WS_URL"),
    EnvironmentName.PRODUCTION: ("PRODUCTION_WS_URL",),
}


@dataclass(frozen=True, slots=True)
class Environment:
    """A resolved environment.

    `base_url` is None where nothing names one: for the embedded target before it is started, and
    for a scenario file that holds its own URLs.
    """

    name: EnvironmentName | None
    base_url: str | None
    ws_url: str | None = None
    faults: tuple[str, ...] = ()  # of the embedded target, as ordered

    @property
    def starts_target(self) -> bool:
        return self.name is EnvironmentName.EMBEDDED and self.base_url is None

    def at(self, base_url: str, faults: tuple[str, ...] = ()) -> Environment:
        """The same environment once its target listens on `base_url`, with these faults."""
        return Environment(self.name, base_url, self.ws_url or websocket_url(base_url), faults)

    @property
    def label(self) -> str:
        """Its name in reports, where a target that was made to misbehave must not pass for one
        that was not."""
        name = "" if self.name is None else self.name.value
        return f"{name} with faults" if self.faults else name

    def variables(self) -> dict[str, str]:
        """What a scenario finds in `env` because of the environment."""
        variables = {
            "BASE_URL": self.base_url,
            "WS_URL": self.ws_url,
            "TARGET_FAULTS": " ".join(self.faults) or None,
        }
        return {name: value for name, value in variables.items() if value is not None}


def resolve_environment(
    name: EnvironmentName | None, variables: Mapping[str, str], *, shipped: bool
) -> Environment:
    """The environment of one scenario.

    `variables` are the process environment with `-e` assignments laid over it; BASE_URL and
    WS_URL override whatever the environment says. Without a name, a shipped scenario meets the
    embedded target, and a file decides for itself.

    Raises:
        UsageError: a needed variable is missing, or holds something else than a URL.
    """
    override = _url(variables, "BASE_URL", ("http", "https"))
    ws_override = _url(variables, "WS_URL", ("ws", "wss"))
    if override is not None:
        return Environment(name, override, ws_override or websocket_url(override))
    if name is None and shipped:
        name = EnvironmentName.EMBEDDED
    match name:
        case None | EnvironmentName.EMBEDDED:
            return Environment(name, None, ws_override)
        case EnvironmentName.LOCAL:
            return Environment(name, _LOCAL_URL, ws_override or websocket_url(_LOCAL_URL))
        case EnvironmentName.STAGING | EnvironmentName.PRODUCTION:
            base_url = _first_url(variables, _HTTP_VARIABLES[name], ("http", "https"))
            if base_url is None:
                wanted = " or ".join(_HTTP_VARIABLES[name])
                raise UsageError(
                    f"environment '{name}' has no URL: set {wanted}, or BASE_URL, "
                    "in the environment or with -e NAME=VALUE"
                )
            ws_url = ws_override or _first_url(variables, _WS_VARIABLES[name], ("ws", "wss"))
            return Environment(name, base_url, ws_url)


def websocket_url(base_url: str) -> str:
    """The same place by WebSocket: http becomes ws, https becomes wss."""
    return "ws" + base_url.removeprefix("http")


def _first_url(
    variables: Mapping[str, str], names: tuple[str, ...], schemes: tuple[str, ...]
) -> str | None:
    urls = (_url(variables, name, schemes) for name in names)
    return next((url for url in urls if url is not None), None)


def _url(variables: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    text = variables.get(name, "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise UsageError(
            f"{name} is not a URL that load can be sent to: write {schemes[0]}://host:port"
        )
    return text.rstrip("/")
