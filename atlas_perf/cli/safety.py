"""Refusing what must not be loaded: other hosts, too much, or production without being told so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.preflight import host_of_address
from atlas_perf.cli.safety_limits import Limits
from atlas_perf.errors import PlanError, UsageError
from atlas_perf.model.plan import AllowedHosts, RateCeiling, TestPlan
from atlas_perf.protocols.http.allowed_hosts import covers
from atlas_perf.schedule.peak_rate import peak_rate
from atlas_perf.units import format_duration

PRODUCTION_FLAG = "--allow-production"


def under_limits(
    plan: TestPlan, limits: Sequence[Limits], base_url: str | None, *, own_target: bool = False
) -> TestPlan:
    """The plan with the limits that clients and coordinator hold while it runs.

    Args:
        own_target: `base_url` is the embedded target, which is always allowed.

    Raises:
        PlanError: the plan would go beyond a limit; names its place and key.
    """
    allowed = [
        AllowedHosts(one.allowed_hosts, one.place)
        for one in limits
        if one.allowed_hosts is not None
    ]
    if own_target and base_url is not None:
        own = urlsplit(base_url).hostname or ""
        allowed = [replace(one, patterns=(*one.patterns, own)) for one in allowed]
    for hosts in allowed:
        _refuse_other_hosts(plan, hosts, base_url)
    for one in limits:
        _refuse_too_many_users(plan, one)
        _refuse_too_high_a_rate(plan, one)
    ceilings = [
        RateCeiling(one.max_rate_per_s, one.place)
        for one in limits
        if one.max_rate_per_s is not None
    ]
    return replace(
        plan,
        http=replace(plan.http, allowed_hosts=tuple(allowed)),
        rate_ceiling=min(ceilings, key=lambda ceiling: ceiling.per_s, default=None),
    )


def refuse_unasked_production(
    name: EnvironmentName | None,
    base_url: str | None,
    production_url: str | None,
    *,
    allowed: bool,
) -> None:
    """Production is loaded only by who says so, whichever variable leads there.

    Raises:
        UsageError: the environment is production, or the URL has the host of PRODUCTION_URL.
    """
    if allowed:
        return
    if name is EnvironmentName.PRODUCTION:
        raise UsageError(f"environment 'production' is loaded only with {PRODUCTION_FLAG}")
    hosts = [urlsplit(url).hostname for url in (base_url, production_url) if url is not None]
    if len(hosts) == 2 and hosts[0] == hosts[1]:
        raise UsageError(
            f"{hosts[0]} is the host of PRODUCTION_URL and loaded only with {PRODUCTION_FLAG}"
        )


def _refuse_too_many_users(plan: TestPlan, limits: Limits) -> None:
    if limits.max_vus is not None and plan.max_vus > limits.max_vus:
        raise PlanError(
            f"{plan.name}: {plan.max_vus:,} virtual users are more than max_vus = "
            f"{limits.max_vus} of {limits.place} allows: ask for fewer, or raise it there"
        )


def _refuse_too_high_a_rate(plan: TestPlan, limits: Limits) -> None:
    """Where the plan says rates, their highest sum; what is measured is held later."""
    ceiling, peak = limits.max_rate_per_s, peak_rate(plan.scenarios)
    if ceiling is None or peak is None or float(peak.per_s) <= ceiling:
        return
    names = [repr(name) for name in peak.scenarios]
    who = f"scenario {names[0]} begins"
    if names[1:]:
        who = (
            f"scenarios {', '.join(names[:-1])} and {names[-1]} together, "
            f"{format_duration(peak.at_ns)} after the start, begin"
        )
    raise PlanError(
        f"{plan.name}: {who} up to {float(peak.per_s):,g} iterations a second, more than "
        f"max_rate_per_s = {ceiling:g} of {limits.place} allows: plan a lower rate, or raise it "
        "there"
    )


def _refuse_other_hosts(plan: TestPlan, allowed: AllowedHosts, base_url: str | None) -> None:
    parts = urlsplit(base_url or "")
    hosts = [parts.hostname or ""] if parts.scheme in {"http", "https"} else []
    hosts += map(host_of_address, plan.http.hosts.values())
    for host in hosts:
        if not covers(allowed.patterns, host):
            listed = ", ".join(allowed.patterns) or "none"
            raise PlanError(
                f"{plan.name}: {host} is not in allowed_hosts of {allowed.place} ({listed}): "
                "load another target, or add the host there"
            )
