"""The memory is bounded, keeps what is used, and lists in order of creation."""

from __future__ import annotations

from atlas_perf.target.state import RecentItems


def filled(count: int, limit: int = 100) -> RecentItems[int]:
    items: RecentItems[int] = RecentItems(limit)
    for number in range(count):
        items.add(f"k{number}", number)
    return items


def test_pages_go_from_the_newest_or_from_the_oldest() -> None:
    items = filled(7)
    assert list(items.page(0, 3, newest_first=True)) == [6, 5, 4]
    assert list(items.page(2, 3, newest_first=True)) == [0]
    assert list(items.page(3, 3, newest_first=True)) == []
    assert list(items.page(1, 3, newest_first=False)) == [3, 4, 5]


def test_using_an_item_does_not_change_the_order_of_pages() -> None:
    items = filled(3)
    assert items.use("k0") == 0
    assert list(items.page(0, 3, newest_first=True)) == [2, 1, 0]


def test_the_least_recently_used_item_is_forgotten() -> None:
    items = filled(3, limit=3)
    items.use("k0")
    assert items.add("k3", 3) == 1
    assert len(items) == 3
    assert items.use("k1") is None
    assert list(items.page(0, 9, newest_first=True)) == [3, 2, 0]


def test_a_removed_item_is_on_no_page_and_makes_room() -> None:
    items = filled(3, limit=3)
    assert items.remove("k1") == 1
    assert items.remove("k1") is None
    assert items.add("k3", 3) is None
    assert list(items.page(0, 9, newest_first=True)) == [3, 2, 0]


def test_memory_stays_flat_over_many_more_items_than_the_limit() -> None:
    items = filled(5000, limit=50)
    assert len(items) == 50
    assert list(items.page(0, 2, newest_first=True)) == [4999, 4998]
    # The index of uses must be as small as the items, or it would be the leak.
    assert len(items._by_use) == 50
