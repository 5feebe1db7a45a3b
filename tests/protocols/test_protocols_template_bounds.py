"""What is remembered of requests is bounded, however many different ones there are."""

from __future__ import annotations

import gc

import pytest
from scripted_server import KeepingRecorder

from atlas_perf import BearerAuth
from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.request_template import RequestPattern, RequestTemplate

TEMPLATES = 512  # two generations
KINDS = 513


@pytest.fixture
def setup() -> ClientSetup:
    return ClientSetup(options=HttpOptions(), recorder=KeepingRecorder(), base_url="http://host")


def alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def test_a_million_urls_leave_two_generations_of_templates(setup: ClientSetup) -> None:
    find = setup.templates.template_of
    often = find("GET", "/often")
    for number in range(1_000_000):
        find("GET", f"/runs/{number}")
        if number % 100 == 0:
            assert find("GET", "/often") is often, number
    assert 256 <= setup.templates.templates <= TEMPLATES
    assert alive(RequestTemplate) <= TEMPLATES
    assert alive(RequestPattern) == 1


def test_so_do_urls_whose_ids_do_not_fold(setup: ClientSetup) -> None:
    for number in range(5000):
        setup.templates.template_of("GET", f"/x{number}")
        setup.templates.template_of("GET", f"/ü{number}")
    assert alive(RequestTemplate) <= TEMPLATES


def test_kinds_are_bounded_too(setup: ClientSetup) -> None:
    for number in range(3000):
        setup.templates.template_of("GET", "/runs", name=f"run {number}")
        setup.templates.template_of("GET", f"/runs/{number}", tags={"n": str(number)})
        setup.templates.template_of("GET", f"http://host{number}/")
    assert setup.templates.kinds <= KINDS
    assert alive(RequestTemplate) <= TEMPLATES
    assert alive(RequestPattern) <= KINDS + 64


def test_credentials_and_header_values_make_no_kinds(setup: ClientSetup) -> None:
    """As many users as there may be, each with a token of its own."""
    for number in range(1000):
        setup.templates.template_of("GET", "/", auth=("user", str(number)))
        setup.templates.template_of("GET", "/", auth=BearerAuth(str(number)))
        setup.templates.template_of("GET", "/", headers={"Authorization": f"Bearer {number}"})
    assert (setup.templates.kinds, setup.templates.templates) == (4, 3)
