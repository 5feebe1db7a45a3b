"""A bounded memory of what was created, in the order of creation, forgetting what nobody uses."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Generic, TypeVar

Item = TypeVar("Item")


class RecentItems(Generic[Item]):
    """Items by id, at most `limit` of them; beyond it the least recently used one is forgotten.

    Two orders are kept, both linked lists: by creation for pages, and by last use for forgetting.
    A long run thus stays flat in memory while ids that are still in use stay alive.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_creation: OrderedDict[str, Item] = OrderedDict()
        self._by_use: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_creation)

    def add(self, key: str, item: Item) -> Item | None:
        """Keep a new item.

        Returns:
            The item that was forgotten to make room, if any.
        """
        self._by_creation[key] = item
        self._by_use[key] = None
        if len(self._by_creation) <= self._limit:
            return None
        oldest, _ = self._by_use.popitem(last=False)
        return self._by_creation.pop(oldest)

    def use(self, key: str) -> Item | None:
        """The item, counted as used now; None if it never existed or is gone."""
        item = self._by_creation.get(key)
        if item is not None:
            self._by_use.move_to_end(key)
        return item

    def remove(self, key: str) -> Item | None:
        """Take the item out; None if there was none."""
        item = self._by_creation.pop(key, None)
        if item is not None:
            del self._by_use[key]
        return item

    def page(self, number: int, size: int, *, newest_first: bool) -> Iterator[Item]:
        """One page by creation, 0-based. Takes O((number + 1) * size) steps at most."""
        keys = reversed(self._by_creation) if newest_first else iter(self._by_creation)
        first = number * size
        return (self._by_creation[key] for key in islice(keys, first, first + size))
