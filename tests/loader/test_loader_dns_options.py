"""`dns` with k6's keys and values."""

from __future__ import annotations

import pytest

from atlas_perf.errors import ScenarioError
from atlas_perf.model.plan import DnsOptions
from atlas_perf.units import NS_PER_S


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ("{}", DnsOptions()),
        ("{'ttl': '30s'}", DnsOptions(ttl_ns=30 * NS_PER_S)),
        ("{'ttl': '0'}", DnsOptions(ttl_ns=0)),
        ("{'ttl': '0s'}", DnsOptions(ttl_ns=0)),
        ("{'ttl': 'inf'}", DnsOptions(ttl_ns=None)),
        (
            "{'select': 'random', 'policy': 'onlyIPv6'}",
            DnsOptions(select="random", policy="onlyIPv6"),
        ),
    ],
)
def test_what_is_read(build, options: str, meant: DnsOptions) -> None:
    assert build(f"{{'dns': {options}}}").plan.http.dns == meant


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{'ttl': 5}", "`dns.ttl` must be a duration with its unit"),
        ("{'ttl': 'soon'}", "`dns.ttl`: "),
        ("{'select': 'last'}", "`dns.select` must be first, random or roundRobin"),
        ("{'policy': 'IPv4'}", "`dns.policy` must be preferIPv4"),
        ("{'server': 'x'}", "`dns` has an unknown key 'server'"),
        ("'5m'", "`dns` must be a dict with ttl, select, policy"),
    ],
)
def test_what_is_refused(build, options: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        build(f"{{'dns': {options}}}")
    assert message in str(raised.value)


def test_limits_of_connections(build) -> None:
    http = build(
        "{'connectTimeout': '2s', 'tlsHandshakeTimeout': '3s',"
        " 'connectionMaxAge': '1m', 'connectionMaxIdle': '10s'}"
    ).plan.http
    assert http.connect_timeout_ns == 2 * NS_PER_S
    assert http.tls_handshake_timeout_ns == 3 * NS_PER_S
    assert http.connection_max_age_ns == 60 * NS_PER_S
    assert http.connection_max_idle_ns == 10 * NS_PER_S
