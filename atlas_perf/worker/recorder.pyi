from collections.abc import Iterable

from atlas_perf.model.batch import Delta, NewSeries
from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags

class ClosedInterval:
    @property
    def new_series(self) -> tuple[NewSeries, ...]: ...
    @property
    def deltas(self) -> tuple[Delta, ...]: ...
    @property
    def samples(self) -> bytes: ...
    @property
    def refused_samples(self) -> int: ...
    @property
    def overflowed_samples(self) -> int: ...
    @property
    def dropped_samples(self) -> int: ...

class HttpSeries:
    def __init__(self, recorder: Recorder, tags: Tags, failed: bool) -> None: ...
    def record(
        self,
        at_ns: int,
        duration_ns: int,
        blocked_ns: int,
        connecting_ns: int,
        tls_handshaking_ns: int,
        sending_ns: int,
        waiting_ns: int,
        receiving_ns: int,
    ) -> None: ...

class Recorder:
    enabled: bool

    def __init__(
        self,
        metrics: Iterable[Metric],
        *,
        series_cap: int = 10_000,
        checks_cap: int = 1_000,
        keep_samples: bool = False,
        samples_cap: int = 2_000_000,
    ) -> None: ...
    @property
    def keep_samples(self) -> bool: ...
    def start_at(self, t0_ns: int) -> None: ...
    def series(self, metric: Metric, tags: Tags) -> int: ...
    def http_series(self, tags: Tags, failed: bool) -> HttpSeries: ...
    def add(self, number: int, value: float, at_ns: int) -> None: ...
    def close_interval(self) -> ClosedInterval: ...
