"""api: REST and the agents behind it."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, Case, Load

API = Load("api", ("--stage", "1s:500", "--stage", "10s:500", "--baselines", "shipped"))
"""The AI's p99 wants 400 runs that were followed to their end."""

FEW = Load("api", ("--stage", "1s:140", "--stage", "8s:140", "--no-baselines"))
"""Too few requests for the AI's p99: fewer than 1000 are fewer than 400 such runs."""

LONG = Load("api", ("--stage", "1s:140", "--stage", "36s:140", "--baselines", "shipped"))
"""Users enough for 100 requests/s, and not for much more."""

P95, P95_BASELINE = "http_req_duration p(95)<500", "API p95 latency"
P99_BASELINE = "API p99 latency"
AI_POLL = "http_req_duration{type:ai} p(95)<2000"
ERRORS, FAILED, FAILED_BASELINE = "errors rate<0.01", "http_req_failed rate<0.01", "API error rate"
COUNT, THROUGHPUT = "successful_requests count>1000", "API throughput"
AI_P95, AI_P99, AI_SUCCESS = "AI p95 latency", "AI p99 latency", "AI success rate"
CHECKS = "checks rate>0.99"


def _cases(contract: str) -> list[Case]:
    return [
        Case(API, contract, ("latency:700ms@runs.list",), (P95, P95_BASELINE)),
        Case(API, contract, ("latency:1500ms@runs.list,share=10%",), (P99_BASELINE,)),
        Case(
            API,
            contract,
            ("latency:2500ms@runs.read,share=7.5%",),
            (AI_POLL,),
            follows=(P95, P95_BASELINE, P99_BASELINE, AI_P95),
            because="polls are requests too, and who polls slowly learns of the end late",
        ),
        Case(
            API,
            contract,
            ("malformed:json@runs.list,share=20%",),
            (ERRORS,),
            follows=(CHECKS,),
            because="a wrong body is a failed check",
        ),
        Case(
            API,
            contract,
            ("error:503@runs.list,share=20%",),
            (FAILED, FAILED_BASELINE),
            follows=(ERRORS, CHECKS),
            because="a failed request is an error, and its status is checked",
        ),
        Case(API, contract, ("longer:1500ms@runs.create",), (AI_P95,)),
        Case(API, contract, ("longer:6s@runs.create,share=2.5%",), (AI_P99,)),
        Case(FEW, contract, ("latency:440ms",), (COUNT,)),
        Case(
            LONG,
            contract,
            ("latency:440ms",),
            (THROUGHPUT,),
            follows=(AI_P95,),
            because="submitting and polling are slow as well",
        ),
        Case(API, contract, ("fail@runs.create,share=4%",), (AI_SUCCESS,)),
    ]


API_CASES = [case for contract in CONTRACTS for case in _cases(contract)]
