"""a2a: agents that hand tasks to each other. Only `documented` lets them execute and cancel."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, DEPLOYED, DOCUMENTED, Case, Load

A2A = Load("a2a", ("--stage", "1s:240", "--stage", "10s:240", "--baselines", "shipped"))
"""Throughput wants 500 tasks, and 50 a second."""

FEW = {
    contract: Load(
        "a2a", ("--stage", f"1s:{users}", "--stage", f"16s:{users}", "--baselines", "shipped")
    )
    for contract, users in {DOCUMENTED: 110, DEPLOYED: 180}.items()
}
"""Users enough for 50 tasks a second, and not for many more."""

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
        Case(
            A2A,
            contract,
            ("latency:700ms@tasks.submit,share=12%",),
            (SUBMIT, SUBMISSION),
            follows=(EXECUTION,),
            because="the time of a task counts from its submission",
        ),
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
            follows=(ERRORS,),
            because="a task that fails is an error",
        ),
        Case(A2A, contract, ("longer:1s@tasks.submit",), (EXECUTION,)),
        Case(
            FEW[contract],
            contract,
            ("longer:1500ms@tasks.submit",),
            (THROUGHPUT,),
            follows=(EXECUTION,),
            because="users who wait for their tasks submit fewer",
        ),
    ]
    if contract == DOCUMENTED:
        # A late head of an answer to execute would come after the task has ended by itself, a 409.
        late = "slow-body:700ms@tasks.queue+tasks.execute"
        cases.append(Case(A2A, contract, (late,), (P95,)))
        late = "slow-body:2500ms@tasks.execute,share=15%"
        cases.append(Case(A2A, contract, (late,), (EXECUTE,)))
    else:
        cases.append(
            Case(
                A2A,
                contract,
                ("latency:700ms@tasks.status,share=20%",),
                (P95,),
                follows=(EXECUTION,),
                because="who polls slowly learns of the end late",
            )
        )
    return cases


A2A_CASES = [case for contract in CONTRACTS for case in _cases(contract)]
