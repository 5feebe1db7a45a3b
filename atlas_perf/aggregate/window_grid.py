"""How the run's seconds are grouped into windows, so that their number stays bounded."""

from __future__ import annotations

MIN_WINDOWS = 8


class WindowGrid:
    """One-second windows; once there are more than `max_windows`, older ones become longer.

        0 ········ width ········ 2·width ···· fine_from ─┬─┬─┬─┬─ newest
                 windows of `width` seconds               windows of one second

    The newest half of `max_windows` seconds always keeps its resolution. `width` is a power of
    two, so windows only ever merge pairwise: 24 hours under 3600 windows have a width of 128 s.
    A window is named by its first second.

    Raises:
        ValueError: if `max_windows` is below 8.
    """

    def __init__(self, max_windows: int) -> None:
        if max_windows < MIN_WINDOWS:
            raise ValueError(f"at least {MIN_WINDOWS} windows must be kept, not {max_windows}")
        self._max_windows = max_windows
        self._newest = -1
        self.fine_from = 0
        self.width = 1

    def window_of(self, second: int) -> int:
        """First second of the window that a second belongs to."""
        return second if second >= self.fine_from else second // self.width * self.width

    def length_s(self, window: int) -> int:
        return 1 if window >= self.fine_from else self.width

    def admit(self, second: int) -> bool:
        """Take note of a second of the run; True if the grid became coarser for it."""
        self._newest = max(self._newest, second)
        if self._count(self.fine_from, self.width) <= self._max_windows:
            return False
        # A quarter to spare: merging windows costs more than adding one.
        while self._count(self._next_fine_from(), self.width) > self._max_windows * 3 // 4:
            self.width *= 2
        self.fine_from = self._next_fine_from()
        return True

    def _next_fine_from(self) -> int:
        kept_from = self._newest + 1 - self._max_windows // 2
        return -(-kept_from // self.width) * self.width

    def _count(self, fine_from: int, width: int) -> int:
        return fine_from // width + max(0, self._newest + 1 - fine_from)
