"""The embedded environment: the reference target in a process of its own, for as long as a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from atlas_perf.cli.child_server import ChildServer, child_server
from atlas_perf.target.settings import Contract

UNSTARTED_URL = "http://127.0.0.1:8088"
"""Stands for the embedded target, which is not started to look at a plan or the machine."""


def contract_of(variables: Mapping[str, str]) -> Contract:
    """What CONTRACT chooses for the target, as it does for the scenarios.

    A name that is no contract is left to the scenario, which refuses it by file and line.
    """
    name = variables.get("CONTRACT")
    return Contract(name) if name in list(Contract) else Contract.DOCUMENTED


def asks_for_sockjs(variables: Mapping[str, str]) -> bool:
    """Whether SOCKJS_FRAMING wants STOMP in SockJS' framing, as the scenarios read it."""
    return variables.get("SOCKJS_FRAMING") == "sockjs"


def embedded_target(
    seed: int | None,
    contract: Contract = Contract.DOCUMENTED,
    faults: Sequence[str] = (),
    *,
    sockjs_framing: bool = False,
) -> AbstractContextManager[ChildServer]:
    """Start the reference target on a free loopback port, stop it at the end.

    It misbehaves as `faults` say, which can be read.

    Raises:
        RunInvalidError: it did not listen in time; its own last words are in the message.
    """
    arguments = ["--port", "0", "--exit-with-parent", "--contract", contract]
    if seed is not None:
        arguments += ["--seed", str(seed)]
    if sockjs_framing:
        arguments.append("--sockjs-framing")
    for fault in faults:
        arguments += ["--fault", fault]
    return child_server("the embedded target", "atlas_perf.target", arguments)
