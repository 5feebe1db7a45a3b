from __future__ import annotations

import msgpack
import pytest

from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.wire import control
from atlas_perf.wire.control import (
    Arm,
    Armed,
    AskRows,
    Crashed,
    Dismiss,
    NoRows,
    Prepare,
    Ready,
    RecallRows,
    Refused,
    RowsLeased,
    RowsReturned,
    RunSetup,
    RunTeardown,
    SetupFailed,
    SetupReturned,
    Start,
    StopLoad,
    TeardownEnded,
    decode_control,
    encode_control,
)
from atlas_perf.wire.errors import WireError

PLAN = TestPlan("shop", "shop.py", "0" * 64, (ScenarioPlan("s", ConstantVUs(1, 10**9)),))

MESSAGES = [
    Prepare(PLAN, worker=3, workers=4),
    RunSetup(),
    Arm(b"\x00\xff"),
    Start(2**62),
    StopLoad(graceful=False),
    StopLoad(graceful=True),
    RunTeardown(),
    Dismiss(),
    Ready(),
    Refused("no `default`", "shop.py", 7),
    Refused("cannot be read", None, None),
    SetupReturned(b""),
    SetupFailed("setup raised KeyError: 'é'", "shop.py", 1),
    Armed(),
    TeardownEnded(None),
    TeardownEnded(
        ScenarioException("teardown", "KeyError", "'x'", "shop.py", 9, 1, "Tr…"),
        (
            ScenarioException("teardown", "NeverAwaited", "m", "shop.py", 9, 3, ""),
            ScenarioException("teardown", "ValueError", "m", "shop.py", 7, 1, "Tr…"),
        ),
        forgotten=3,
    ),
    Crashed("Traceback"),
    AskRows(feed=0, waiting=12),
    RowsLeased(feed=1, first=2**40, count=1024),
    NoRows(feed=2, final=True),
    RecallRows(feed=3),
    RowsReturned(feed=4, first=7, count=0),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_survives_the_way(message):
    assert decode_control(encode_control(message)) == message


def test_the_messages_above_are_all_there_are():
    assert {type(message).__name__ for message in MESSAGES} == set(control._MESSAGES)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        ["Ready"],
        ["Ready", {}, 1],
        ["Unknown", {}],
        ["Ready", {"extra": 1}],
        ["Start", {}],
        ["Start", {"t0_ns": "now"}],
        ["Start", {"t0_ns": True}],
        ["Start", {"t0_ns": 1.0}],
        ["StopLoad", {"graceful": 1}],
        ["Arm", {"data": "text"}],
        ["Refused", {"message": "m", "file": 3, "line": None}],
        ["Prepare", {"plan": {}, "worker": 0, "workers": 1}],
        ["Prepare", {"plan": None, "worker": 0, "workers": 1}],
        ["TeardownEnded", {"failure": None, "strays": None, "forgotten": 0}],
        ["TeardownEnded", {"failure": None, "strays": [None], "forgotten": 0}],
        ["TeardownEnded", {"failure": None, "strays": {}, "forgotten": 0}],
        ["TeardownEnded", {"failure": None, "strays": [], "forgotten": "0"}],
        ["TeardownEnded", {"failure": {"kind": "KeyError"}, "strays": [], "forgotten": 0}],
        ["__class__", {}],
    ],
)
def test_anything_else_is_refused(plain):
    with pytest.raises(WireError):
        decode_control(msgpack.packb(plain))


def test_bytes_that_are_no_message_are_refused():
    whole = encode_control(Start(1))
    for payload in (b"", whole[:-1], whole + b"\x00", b"\xc1"):
        with pytest.raises(WireError):
            decode_control(payload)
