"""Refusing, before any load, a plan that this machine cannot carry out."""

from __future__ import annotations

from urllib.parse import urlsplit

from atlas_perf.errors import PlanError
from atlas_perf.model.plan import HttpOptions, TestPlan
from atlas_perf.preflight.checks import cheap_findings
from atlas_perf.preflight.finding import Level
from atlas_perf.preflight.machine import look_at_machine
from atlas_perf.preflight.need import need_of
from atlas_perf.preflight.surroundings import addresses_of
from atlas_perf.protocols.http.resolver import is_address

OVERRIDE = "--ignore-preflight"


def refuse_hopeless(plan: TestPlan, base_url: str | None, *, ignored: bool) -> tuple[str, ...]:
    """Nothing, if the machine's limits allow the plan.

    Args:
        ignored: the user wants to run it in any case; the reasons are then returned, to be told.

    Raises:
        PlanError: with the numbers, and what to do.
    """
    machine, need = look_at_machine(), need_of(plan, base_url)
    addresses = 1
    if machine.local_ports is not None and need.users > machine.local_ports:
        host = connected_host(plan.http, base_url)  # looked up only where it matters
        addresses = 0 if host is None else len(addresses_of(host))
    findings = cheap_findings(machine, need, addresses=addresses or None)
    hopeless = tuple(str(finding) for finding in findings if finding.level is Level.HOPELESS)
    if hopeless and not ignored:
        raise PlanError(
            f"{plan.name} cannot be run from here: {'; '.join(hopeless)} "
            f"({OVERRIDE} runs it all the same)"
        )
    return hopeless


def connected_host(http: HttpOptions, base_url: str | None) -> str | None:
    """The host that the plan's connections lead to, if it is one and it is known."""
    if http.proxy is not None:
        return urlsplit(http.proxy).hostname
    if base_url is None or http.proxy_from_environment:
        return None
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or parts.hostname is None:
        return None
    port = f":{parts.port}" if parts.port else ""
    mapped = http.hosts.get(f"{parts.hostname}{port}", http.hosts.get(parts.hostname))
    return parts.hostname if mapped is None else host_of_address(mapped)


def host_of_address(text: str) -> str:
    """The host of `address`, `address:port`, `[v6]:port` or a bare IPv6 address."""
    return text if is_address(text) else urlsplit(f"//{text}").hostname or text
