"""smoke: one user, three requests an iteration. What it asks of latency and of answers."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, Case, Load

SMOKE = Load("smoke", ("--vus", "50", "--duration", "3s"))

SMOKE_CASES = [
    case
    for contract in CONTRACTS
    for case in (
        Case(
            SMOKE,
            contract,
            faults=("latency:1200ms@runs.list",),
            breaks=("http_req_duration p(95)<1000",),
        ),
        Case(
            SMOKE,
            contract,
            faults=("malformed:json@runs.list,share=50%",),
            breaks=("errors rate<0.05",),
            follows=("checks rate>0.99",),
            because="a wrong body is a failed check as well",
        ),
    )
]
