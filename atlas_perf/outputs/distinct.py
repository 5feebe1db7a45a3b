"""Series that differ stay apart where a protocol cannot tell their names or tags apart.

What a protocol has no form for is replaced or left out, such as an empty tag, so that two series
may look alike then. Most receivers refuse the whole payload, or keep one of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable

DUPLICATE = "duplicate"
"""Tag of the second series of a look, and of all further ones: its number."""


class Distinct:
    """Counts how often a look was asked for."""

    def __init__(self) -> None:
        self._asked: Counter[Hashable] = Counter()

    def number(self, look: Hashable) -> int:
        """1 for the first series that looks so, 2 for the second."""
        self._asked[look] += 1
        return self._asked[look]
