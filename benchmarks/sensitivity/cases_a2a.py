"""a2a: agents that hand tasks to each other. Only `documented` lets them execute and cancel."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, DOCUMENTED, Case, Load

A2A = Load("a2a", ("--stage", "1s:220", "--stage", "10s:220", "--baselines", "shipped"))
"""Throughput wants 500 tasks, and 50 a second."""

P95 = "http_req_duration p(95)<500"
SUBMIT = "http_req_duration{operation:submit} p(95)<500"
EXECUTE = "http_req_duration{operation:execute} p(95)<2000"
ERRORS, FAILED, FAILED_BASELINE = (
    "a2a_errors rate<0.01",
    "http_req_failed rate<0.01",
    "API error rate",
)
COMPLETION, COMPLETION_BASELINE = "task_completion_rate rate>0.95", "A2A completion rate"
SUBMISSION, EXECUTION = "A2A task submission p95", "A2A task execution p95"
THROUGHPUT = "A2A throughput"
CHECKS = "checks rate>0.99"


def _cases(contract: str) -> list[Case]:
    queue = "tasks.queue" if contract == DOCUMENTED else "agents.read"
    cases = [
        Case(A2A, contract, ("latency:700ms@tasks.status,share=20%",), (P95,)),
        Case(A2A, contract, ("latency:700ms@tasks.submit,share=12%",), (SUBMIT, SUBMISSION)),
        Case(
            A2A,
            contract,
            (f"malformed:json@{queue}",),
            (ERRORS,),
            follows=(CHECKS,),
            because="a wrong body is a failed check",
        ),
        Case(
            A2A,
            contract,
            (f"error:503@{queue},share=80%",),
            (FAILED, FAILED_BASELINE),
            follows=(ERRORS, CHECKS),
            because="a failed request is an error, and its status is checked",
        ),
        Case(
            A2A,
            contract,
            ("fail@tasks.submit,share=15%",),
            (COMPLETION, COMPLETION_BASELINE),
        ),
        Case(A2A, contract, ("longer:1500ms@tasks.submit",), (EXECUTION,)),
    ]
    if contract == DOCUMENTED:
        cases.append(Case(A2A, contract, ("latency:2500ms@tasks.execute,share=15%",), (EXECUTE,)))
    return cases


A2A_CASES = [case for contract in CONTRACTS for case in _cases(contract)]
