"""One request of a contract: what to send, and what makes its answer right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from atlas_perf import Response, ServerSentEvent, VirtualUser

from orchestrator.headers import agent, bearer


@dataclass(frozen=True, slots=True)
class Promise:
    """What the JSON body of a right answer holds."""

    text: str
    is_kept_by: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a contract.

    `name` stands for the URL in every report, with `{id}` in the place of ids, so that a thousand
    runs are one endpoint. Any status but `expects` makes the request a failed one.
    """

    does: str  # what the user wants, as the checks say it: "list runs"
    method: str
    path: str
    name: str
    expects: int | tuple[int, ...]
    promise: Promise | None = None
    json: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """The expected statuses in words."""
        statuses = self.expects if isinstance(self.expects, tuple) else (self.expects,)
        return " or ".join(map(str, statuses))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is None if it is not JSON, or there is none."""

    right: bool  # every check of the call held
    body: Any
    response: Response


async def send(vu: VirtualUser, call: Call) -> Answer:
    """Send the call and check its answer: the status, and what its body promises to hold."""
    response = await vu.http.request(
        call.method,
        call.path,
        name=call.name,
        json=call.json,
        headers=bearer(vu.env) | agent(vu, call.path),
        tags=call.tags,
        expected_statuses=call.expects,
    )
    body = json_of(response)
    checks: dict[str, bool] = {f"{call.does}: status is {call.expected}": response.ok}
    if call.promise is not None:
        checks[f"{call.does}: {call.promise.text}"] = call.promise.is_kept_by(body)
    return Answer(right=vu.check(response, checks), body=body, response=response)


def has(key: str) -> Promise:
    """The body is an object with this key."""
    return Promise(f"body has {key}", lambda body: isinstance(body, dict) and key in body)


def has_array(key: str) -> Promise:
    """The body is an object with an array under this key."""
    return Promise(
        f"{key} is an array",
        lambda body: isinstance(body, dict) and isinstance(body.get(key), list),
    )


def is_array() -> Promise:
    """The body is an array."""
    return Promise("body is an array", lambda body: isinstance(body, list))


def json_of(answer: Response | ServerSentEvent) -> Any:
    """The body read as JSON, or None: a broken body fails its check and not the whole iteration."""
    try:
        return answer.json()
    except ValueError:
        return None
