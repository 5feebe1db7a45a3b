"""api: REST and the agents behind it."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, Case, Load

API = Load("api", ("--stage", "1s:150", "--stage", "8s:150"))

P95 = "http_req_duration p(95)<500"
AI_POLL = "http_req_duration{type:ai} p(95)<2000"
ERRORS = "errors rate<0.01"
FAILED = "http_req_failed rate<0.01"
COUNT = "successful_requests count>1000"
CHECKS = "checks rate>0.99"


def _cases(contract: str) -> list[Case]:
    return [
        Case(API, contract, ("latency:600ms@runs.list",), (P95,)),
        Case(API, contract, ("latency:2500ms@runs.read,share=7.5%",), (AI_POLL,)),
        Case(
            API,
            contract,
            ("malformed:json@runs.list,share=20%",),
            (ERRORS,),
            follows=(CHECKS,),
            because="a wrong body is a failed check as well",
        ),
        Case(
            API,
            contract,
            ("error:503@runs.list,share=20%",),
            (FAILED,),
            follows=(ERRORS, CHECKS),
            because="a failed request is an error, and its status is checked",
        ),
        Case(API, contract, ("latency:440ms",), (COUNT,)),
    ]


API_CASES = [case for contract in CONTRACTS for case in _cases(contract)]
