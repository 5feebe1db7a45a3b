"""One window of the run in the numbers that reports show."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.aggregate.pulse import Pulse
from atlas_perf.aggregate.request_rates import RequestRates
from atlas_perf.aggregate.series_index import SeriesIndex
from atlas_perf.aggregate.series_table import SeriesTable
from atlas_perf.model.metric import HTTP_RESPONSE_TIME, TASK_COMPLETED
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import Window
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

_VUS = Selector("vus")
_REQUESTS = Selector("http_reqs")
_REQUESTS_CENSORED = Selector("http_reqs_censored")
_REQUESTS_FAILED = Selector("http_req_failed")
_ITERATIONS = Selector("iterations")
_ITERATIONS_DROPPED = Selector("dropped_iterations")
_CHECKS = Selector("checks")
_BYTES_RECEIVED = Selector("data_received")
_BYTES_SENT = Selector("data_sent")
_DURATION = Selector("http_req_duration")  # of successes; see `Selector.effective_tags`
_RESPONSE = Selector(HTTP_RESPONSE_TIME)
_LAG = Selector("iteration_lag")
_SESSIONS_OPEN = Selector("ws_sessions_open")
_SESSIONS_FAILED = Selector("ws_session_failed")
_MESSAGES_SENT = Selector("ws_msgs_sent")
_MESSAGES_RECEIVED = Selector("ws_msgs_received")
_MESSAGES_LOST = Selector("ws_msgs_lost")
_ROUND_TRIP = Selector("ws_rtt")
_EVENTS = Selector("sse_events")
_TASKS_ENDED = Selector("tasks_ended")
_TASKS_COMPLETED = Selector(TASK_COMPLETED)


class WindowValues:
    """Reads windows out of the series table: all that happened, whatever phase it is of."""

    def __init__(self, table: SeriesTable, index: SeriesIndex, rates: RequestRates) -> None:
        self._table = table
        self._index = index
        self._rates = rates

    def window(
        self, second: int, length_s: int, pulse: Pulse, last_windows: Sequence[int]
    ) -> Window:
        """The window that begins with `second`; see `SeriesTable.level` for `last_windows`."""
        told = pulse.by_worker.values()
        _, failed = self._tally(_REQUESTS_FAILED, second)
        checks, checks_passed = self._tally(_CHECKS, second)
        p50_ms, p95_ms, p99_ms = self._times_ms(_DURATION, second)
        lag = self._sketch(_LAG, second)  # one sample for each arrival that was begun
        response_p50_ms, response_p95_ms, response_p99_ms = self._times_ms(_RESPONSE, second)
        ws_rtt_p50_ms, ws_rtt_p95_ms, ws_rtt_p99_ms = self._times_ms(_ROUND_TRIP, second)
        tasks, tasks_completed = self._tally(_TASKS_COMPLETED, second)
        return Window(
            second=second,
            length_s=length_s,
            vus=self._level(_VUS, second, last_windows),
            requests=self._counted(_REQUESTS, second),
            failed_requests=round(failed),
            iterations=self._counted(_ITERATIONS, second),
            dropped_iterations=self._counted(_ITERATIONS_DROPPED, second),
            checks_failed=checks - round(checks_passed),
            bytes_received=self._tally(_BYTES_RECEIVED, second)[1],
            bytes_sent=self._tally(_BYTES_SENT, second)[1],
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            p99_ms=p99_ms,
            censored_requests=self._counted(_REQUESTS_CENSORED, second),
            response_p50_ms=response_p50_ms,
            response_p95_ms=response_p95_ms,
            response_p99_ms=response_p99_ms,
            lag_p99_ms=None if lag is None else lag.quantile(0.99) / NS_PER_MS,
            requests_per_s=self._rates.http_requests(second) / length_s,
            started_arrivals=0 if lag is None else lag.count,
            loop_lag_max_ms=max(one.loop_lag_max_ns for one in told) / NS_PER_MS,
            cpu_cores=sum(one.cpu_ns for one in told) / (length_s * NS_PER_S),
            loop_cpu_share_max=max(one.share(one.loop_cpu_ns) for one in told),
            cpu_wait_share_max=max(one.share(one.cpu_wait_ns) for one in told),
            steal_cores=max(one.share(one.steal_ns) for one in told),
            gc_pause_max_ms=max(one.gc_pause_max_ns for one in told) / NS_PER_MS,
            gc_full_collections=sum(one.gc_full_collections for one in told),
            open_files=sum(one.open_files for one in told),
            time_wait=max(one.time_wait for one in told),
            throttled_share_max=max(one.share(one.throttled_ns) for one in told),
            ws_sessions_open=self._level(_SESSIONS_OPEN, second, last_windows),
            ws_sessions_failed=self._counted(_SESSIONS_FAILED, second),
            ws_msgs_sent=self._counted(_MESSAGES_SENT, second),
            ws_msgs_received=self._counted(_MESSAGES_RECEIVED, second),
            ws_msgs_lost=self._counted(_MESSAGES_LOST, second),
            ws_rtt_p50_ms=ws_rtt_p50_ms,
            ws_rtt_p95_ms=ws_rtt_p95_ms,
            ws_rtt_p99_ms=ws_rtt_p99_ms,
            sse_events=self._counted(_EVENTS, second),
            tasks_ended=self._counted(_TASKS_ENDED, second),
            tasks_failed=tasks - round(tasks_completed),
        )

    def _level(self, gauge: Selector, second: int, last_windows: Sequence[int]) -> float:
        return self._table.level(self._rows(gauge), second, last_windows)

    def _rows(self, selector: Selector) -> list[int]:
        return self._index.rows(selector, uncounted_too=True)

    def _tally(self, selector: Selector, second: int) -> tuple[int, float]:
        return self._table.window_tally(self._rows(selector), second)

    def _counted(self, selector: Selector, second: int) -> int:
        return round(self._tally(selector, second)[1])

    def _sketch(self, selector: Selector, second: int) -> Sketch | None:
        return self._table.window_sketch(self._rows(selector), second)

    def _times_ms(
        self, selector: Selector, second: int
    ) -> tuple[float | None, float | None, float | None]:
        sketch = self._sketch(selector, second)
        if sketch is None:
            return None, None, None
        return (
            sketch.quantile(0.50) / NS_PER_MS,
            sketch.quantile(0.95) / NS_PER_MS,
            sketch.quantile(0.99) / NS_PER_MS,
        )
