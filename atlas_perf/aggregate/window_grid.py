"""How the run's seconds are grouped into windows, so that their number stays bounded."""

from __future__ import annotations

MIN_WINDOWS = 8


class WindowGrid:
    """One-second windows; once there are more than `max_windows`, older ones become longer.

        0 ········ width ········ 2·width ···· fine_from ─┬─┬─┬─┬─ newest
                 windows of `width` seconds               windows of one second

    The newest half of `max_windows` seconds, less at most `width`, keeps its resolution. `width`
    is a power of two, so windows only ever merge pairwise: 24 hours under 3600 windows have a
    width of 128 s.
    The grid follows from the newest second alone, so the order of batches does not matter.
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
        """Take note of a second of the run; True if older windows became longer for it."""
        if second <= self._newest:
            return False
        self._newest = second
        before = (self.fine_from, self.width)
        self._lay_out(second + 1)
        return (self.fine_from, self.width) != before

    def _lay_out(self, seconds: int) -> None:
        if seconds <= self._max_windows:
            return
        # Merging windows costs more than adding one, so it is done a quarter at a time: at most
        # three quarters of the windows are single seconds, and one quarter is longer.
        quarter = self._max_windows // 4
        older = (seconds - 2 * quarter) // quarter * quarter
        while self.width * quarter < older:
            self.width *= 2
        self.fine_from = -(-older // self.width) * self.width
