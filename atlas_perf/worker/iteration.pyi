from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from atlas_perf.model.batch import Ledger
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.http_call import HttpCall
from atlas_perf.protocols.http.repetition import Permit
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.virtual_user import SampleRecorder, VirtualUser

IterationFunction = Callable[[VirtualUser, Any], Awaitable[Any]]

class IterationRunner:
    def __init__(
        self,
        scenario: str,
        function: IterationFunction,
        *,
        recorder: SampleRecorder,
        exceptions: ExceptionLog,
        tags: Tags,
        min_duration_ns: int = 0,
        clock: Clock = ...,
    ) -> None: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def last_end_ns(self) -> int | None: ...
    def run(self, user: VirtualUser) -> Coroutine[Any, Any, bool]: ...
    def arrived(self, user: VirtualUser, lag_ns: int, waited_ns: int, at_ns: int) -> None: ...
    async def rest(self, began_ns: int) -> None: ...
    def schedule(self, iterations: int) -> None: ...
    def withdraw(self, iterations: int) -> None: ...
    def never_begun(self, ages_ns: Sequence[int], at_ns: int, /) -> None: ...
    def drop(self, iterations: int) -> None: ...
    def repeat_until(self, end_ns: int) -> None: ...

class RunningIteration(Permit):
    def repeated(self, call: HttpCall) -> HttpCall: ...
