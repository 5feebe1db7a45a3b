from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ContextDecorator
from types import TracebackType
from typing import Any

from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.worker.virtual_user import SampleRecorder

Predicate = Callable[[Any], object] | bool
"""A function of the checked value, or a condition already evaluated."""

class TagSet: ...

class RememberedSeries:
    def __init__(self, recorder: SampleRecorder) -> None: ...
    @property
    def recorder(self) -> SampleRecorder: ...

class UserSamples:
    cut_at_ns: int
    def __init__(self, series: RememberedSeries, base_tags: dict[str, str]) -> None: ...
    @property
    def tags(self) -> dict[str, str]: ...
    @tags.setter
    def tags(self, tags: Mapping[str, object]) -> None: ...
    def check(
        self,
        value: Any,
        checks: Mapping[str, Predicate],
        tags: Mapping[str, str] | None = None,
    ) -> bool: ...
    def group(self, name: str) -> AbstractContextManager[None]: ...
    def record_sample(
        self, metric: Metric, value: float, tags: Mapping[str, str] | None
    ) -> None: ...
    def sample_tags(self) -> Tags: ...

class Group(ContextDecorator):
    def __init__(self, user: UserSamples, name: str) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
