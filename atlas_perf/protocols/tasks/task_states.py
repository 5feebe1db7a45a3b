"""What a server says of a task, and what that means: waiting, running, or ended, and how."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from atlas_perf.model.series import COMPLETED
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.sse.event_parser import ServerSentEvent


class Outcome(StrEnum):
    """How a task ended: the tag `outcome`."""

    COMPLETED = COMPLETED
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"  # not seen to end within its limit
    LOST = "lost"  # accepted, and unknown to the server later
    REJECTED = "rejected"  # its submission failed
    ABANDONED = "abandoned"  # the scenario cancelled it, or its own functions raised


END_STATES: Mapping[str, str] = {
    "completed": Outcome.COMPLETED,
    "succeeded": Outcome.COMPLETED,
    "done": Outcome.COMPLETED,
    "failed": Outcome.FAILED,
    "rejected": Outcome.FAILED,
    "cancelled": Outcome.CANCELLED,
    "canceled": Outcome.CANCELLED,
}
"""The default of `until`: what ends a task, in small letters."""

QUEUED_STATES = frozenset({"pending", "queued", "submitted", "received"})
"""The default of `queued`: what says that a task has not begun, in small letters."""

_ALLOWED_ENDS = (Outcome.COMPLETED, Outcome.FAILED, Outcome.CANCELLED)
_ID_KEYS = ("taskId", "id")


@dataclass(frozen=True, slots=True)
class TaskStates:
    """How statuses are read. Capitals make no difference; what is in neither runs.

    Raises:
        ValueError: for an end that is none.
    """

    until: Mapping[str, str]
    queued: Collection[str]

    def __post_init__(self) -> None:
        for status, outcome in self.until.items():
            if outcome not in _ALLOWED_ENDS:
                raise ValueError(
                    f"until={{{status!r}: {outcome!r}}}: a task ends as "
                    f"{', '.join(repr(str(one)) for one in _ALLOWED_ENDS)}"
                )
        if not self.until:
            raise ValueError("until={} names no status that ends a task")

    def end(self, status: str) -> Outcome | None:
        """How a task with this status has ended; None if it has not."""
        outcome = _folded(self.until).get(status.casefold())
        return None if outcome is None else Outcome(outcome)

    def is_queued(self, status: str) -> bool:
        """True for a task that has not begun."""
        return status.casefold() in {one.casefold() for one in self.queued}


def task_id_of(response: Response) -> str:
    """The default of `id`: `taskId` or `id` in the JSON of the submission's answer."""
    body = response.json()
    for key in _ID_KEYS:
        if isinstance(body, dict) and key in body:
            return str(body[key])
    raise ValueError(
        "the answer to the submission has neither taskId nor id: say with id= where the id is"
    )


def status_of(answer: Any) -> str | None:
    """The default of `status`: `status` in the JSON of an answer or of an event's data.

    None for an event that has none. Raises ValueError for an answer that has none.
    """
    if isinstance(answer, ServerSentEvent):
        try:
            said = answer.json()
        except ValueError:
            return None
        return str(said["status"]) if isinstance(said, dict) and "status" in said else None
    body = answer.json()
    if isinstance(body, dict) and "status" in body:
        return str(body["status"])
    raise ValueError("the answer about a task has no status: say with status= where it is")


StatusOf = Callable[[Any], str | None]


def _folded(until: Mapping[str, str]) -> dict[str, str]:
    return {status.casefold(): outcome for status, outcome in until.items()}
