"""Requests go to allowed hosts only, whichever way scenario code or a server points elsewhere."""

from __future__ import annotations

import pytest

from atlas_perf.model.plan import AllowedHosts
from atlas_perf.protocols.http.allowed_hosts import HostGuard, checked_pattern, covers
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.urls import parse_target


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("api.example", "api.example", True),
        ("api.example", "API.example.", True),
        ("Api.Example.", "api.example", True),
        ("api.example", "api.example.evil", False),
        ("api.example", "xapi.example", False),
        ("api.example", "apixexample", False),
        ("*.example", "api.example", True),
        ("*.example", "a.b.example", True),
        ("*.example", "example", False),
        ("*.example", "api.example.evil", False),
        ("staging-*.example", "staging-7.example", True),
        ("*", "anything", True),
        ("*", "10.0.0.1", True),
        ("10.0.0.0/8", "10.200.3.4", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.0/8", "10.example", False),
        ("10.0.0.7", "10.0.0.7", True),
        ("10.0.0.7", "10.0.0.77", False),
        ("10.0.0.0/8", "::ffff:10.0.0.1", True),
        ("10.0.0.0/8", "167772161", False),  # a name to us, whatever a resolver makes of it
        ("fd00::/8", "fd12::1", True),
        ("[::1]", "::1", True),
        ("fd00::/8", "10.0.0.1", False),
        ("127.0.0.0/8", "localhost", False),
    ],
)
def test_a_pattern_covers_what_it_says(pattern, host, covered) -> None:
    assert covers([checked_pattern(pattern)], host) is covered


@pytest.mark.parametrize("text", ["", "http://a", "a:80", "a/b", "a b", "10.0.0.0/33", "a,b"])
def test_what_is_no_pattern_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r"'\*\.example'"):
        checked_pattern(text)


def test_every_list_must_allow_a_host() -> None:
    guard = HostGuard([AllowedHosts(("*.example",), "a"), AllowedHosts(("api.*",), "b")])
    assert guard.allows(parse_target("http://api.example/"))
    assert not guard.allows(parse_target("http://web.example/"))
    assert not guard.allows(parse_target("http://api.test/"))
    with pytest.raises(RequestFailure) as refused:
        guard.refuse_others(parse_target("https://api.test/"))
    assert refused.value.code is ErrorCode.BLOCKED_HOST


def test_no_list_allows_all_and_an_empty_one_none() -> None:
    target = parse_target("http://api.example/")
    assert HostGuard([]).allows(target)
    assert not HostGuard([AllowedHosts((), "a")]).allows(target)


def test_a_unix_socket_is_no_host() -> None:
    guard = HostGuard([AllowedHosts((), "a")])
    assert guard.allows(parse_target("http+unix://%2Frun%2Fapp.sock/health"))
