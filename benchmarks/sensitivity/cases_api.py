"""api: REST and the agents behind it."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, Case, Load

API = Load("api", ("--stage", "2s:150", "--stage", "10s:150"))

API_CASES = [
    case
    for contract in CONTRACTS
    for case in (
        Case(
            API,
            contract,
            faults=("latency:600ms@runs.list",),
            breaks=("http_req_duration p(95)<500",),
        ),
    )
]
