"""Which time from the send belongs to which time from the intended start."""

from __future__ import annotations

import pytest

from atlas_perf.judge.response_gates import response_twin, service_twin
from atlas_perf.model.series import Selector


@pytest.mark.parametrize(
    ("service", "response"),
    [
        ("http_req_duration", "http_req_response_time"),
        ("http_req_duration{name:/a}", "http_req_response_time{name:/a}"),
        ("ws_rtt", "ws_response_time{operation:rtt}"),
        ("ws_rtt{name:chat}", "ws_response_time{name:chat,operation:rtt}"),
    ],
)
def test_a_time_from_the_send_and_its_response_time_lead_to_each_other(
    service: str, response: str
) -> None:
    assert response_twin(Selector.parse(service)) == Selector.parse(response)
    assert service_twin(Selector.parse(response)) == Selector.parse(service)


@pytest.mark.parametrize(
    "written",
    [
        "http_reqs",
        "iterations{operation:rtt}",
        "ws_response_time",
        "ws_response_time{operation:push}",
    ],
)
def test_anything_else_is_its_own(written: str) -> None:
    assert response_twin(Selector.parse(written)) is None
    assert service_twin(Selector.parse(written)) == Selector.parse(written)
