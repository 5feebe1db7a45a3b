"""Clients and servers on the loop that a run uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import uvloop
from scripted_server import KeepingRecorder, MakeClient, Stage

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http import tls
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.units import NS_PER_S


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def recorder() -> KeepingRecorder:
    return KeepingRecorder()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.close()


@pytest.fixture
async def make_client(recorder: KeepingRecorder) -> AsyncIterator[MakeClient]:
    """Make clients, closed afterwards; other keywords than ClientSetup's are HttpOptions'."""
    clients: list[HttpClient] = []

    def make(base_url: str | None = None, **settings: Any) -> HttpClient:
        own = {"resolver", "connections_per_host", "sample_tags", "samples"}
        options = {name: settings.pop(name) for name in list(settings) if name not in own}
        options.setdefault("timeout_ns", 10 * NS_PER_S)
        settings.setdefault("sample_tags", lambda: (("scenario", "s"),))
        sample_tags = settings.pop("sample_tags")
        setup = ClientSetup(
            options=HttpOptions(**options), recorder=recorder, base_url=base_url, **settings
        )
        client = HttpClient(setup, sample_tags)
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
def fresh_tls_context() -> Iterator[None]:
    """Load the trust store anew, and forget afterwards what this test trusted."""
    tls.tls_context.cache_clear()
    yield
    tls.tls_context.cache_clear()
