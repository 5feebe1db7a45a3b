"""The proxy options: which values there are, and that no sentence repeats a password."""

from __future__ import annotations

import pytest

from atlas_perf.errors import ScenarioError


@pytest.mark.parametrize(
    "proxy", ["http://host", "http://host:3128/", "http://u:p@ss@host:1", "http://[::1]:3128"]
)
def test_a_proxy(build, proxy: str) -> None:
    assert build(f"{{'proxy': {proxy!r}}}").plan.http.proxy == proxy


@pytest.mark.parametrize(
    "proxy", ["https://u:secret@host", "host:3128", "socks5://host", "http://u:secret@/x", 1]
)
def test_what_is_no_proxy(build, proxy: object) -> None:
    with pytest.raises(ScenarioError, match="must be the URL of an HTTP proxy") as refused:
        build(f"{{'proxy': {proxy!r}}}")
    assert "secret" not in str(refused.value)


def test_two_sayings_of_one_thing(build) -> None:
    with pytest.raises(ScenarioError, match="each say which proxy to use"):
        build("{'proxy': 'http://host', 'proxyFromEnvironment': True}")
    assert build("{'proxyFromEnvironment': True}").plan.http.proxy_from_environment
