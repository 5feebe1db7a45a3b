"""`dns`: how long answers are kept, and which address of an answer is taken."""

from __future__ import annotations

from atlas_perf.loader.keyed import KeyTable, OptionKey
from atlas_perf.loader.problem import OptionPath
from atlas_perf.loader.readers import Reader, choice, duration
from atlas_perf.model.plan import DnsOptions

_FOR_EVER = "inf"
_ALWAYS_ANEW = "0"
_DURATION = duration(zero=True)


def _read_ttl(value: object, path: OptionPath) -> int | None:
    if value == _FOR_EVER:
        return None
    return 0 if value == _ALWAYS_ANEW else _DURATION.read(value, path)


LOOKUP = KeyTable(
    (
        OptionKey(
            "ttl",
            Reader('a duration, "0" or "inf"', _read_ttl),
            "5m",
            'How long an answer is kept; `"0"`: not at all, `"inf"`: for ever',
            "ttl_ns",
        ),
        OptionKey(
            "select",
            choice("first", "random", "roundRobin"),
            "roundRobin",
            "The address of an answer that a new connection goes to first",
            "select",
        ),
        OptionKey(
            "policy",
            choice("preferIPv4", "preferIPv6", "onlyIPv4", "onlyIPv6", "any"),
            "preferIPv4",
            "Which addresses of an answer are taken, and which of them come first",
            "policy",
        ),
    )
)


def _read_dns(value: object, path: OptionPath) -> DnsOptions:
    return DnsOptions(**LOOKUP.fields(LOOKUP.read(value, path)))


DNS = Reader("a dict with ttl, select, policy", _read_dns)
