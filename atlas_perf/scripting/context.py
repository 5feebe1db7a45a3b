"""What runs around a line of scenario code: the virtual user it belongs to, and its group."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Protocol

from atlas_perf.model.metric import Metric


class SampleSink(Protocol):
    """Takes the samples of custom metrics; a virtual user is one."""

    def record_sample(self, metric: Metric, value: float, tags: Mapping[str, str] | None) -> None:
        """Record one value in the metric's inner unit (time: nanoseconds)."""
        ...


current_user: ContextVar[SampleSink] = ContextVar("current_user")
"""The virtual user whose iteration is running. Tasks that an iteration starts inherit it."""

current_group: ContextVar[str] = ContextVar("current_group", default="")
"""Path of the innermost open group as k6 writes it, `::outer::inner`; empty outside of any."""
