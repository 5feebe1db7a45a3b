"""Real servers, started once a session, and clients for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import trustme
import uvloop
from apache import APACHE
from caddy import CADDY
from keeping_recorder import KeepingRecorder
from launching import RealServer, running
from nginx import NGINX
from node import NODE
from python_servers import GUNICORN, HTTP_SERVER, UVICORN
from served_site import Site

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.units import NS_PER_S

SERVERS = (NGINX, APACHE, CADDY, NODE, UVICORN, GUNICORN, HTTP_SERVER)

REQUIRED = "ATLAS_PERF_TEST_ALL_SERVERS"
"""If set in the environment, a server that is not installed is a failure, not a skip."""

Start = Callable[[RealServer], Site]
MakeClient = Callable[..., HttpClient]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `server` and `scheme` is run for each server under each scheme it has; one
    that takes `way` as well, for each way of sending a body that the server's HTTP knows."""
    if {"server", "scheme", "way"} <= set(metafunc.fixturenames):
        ways = [
            (server, scheme, way)
            for server in SERVERS
            for scheme in server.schemes
            for way in ("length", "expect", "chunked")
            if way != "chunked" or server.keeps_connections
        ]
        ids = [f"{server.name}-{scheme}-{way}" for server, scheme, way in ways]
        metafunc.parametrize(("server", "scheme", "way"), ways, ids=ids, scope="session")
    elif {"server", "scheme"} <= set(metafunc.fixturenames):
        pairs = [(server, scheme) for server in SERVERS for scheme in server.schemes]
        ids = [f"{server.name}-{scheme}" for server, scheme in pairs]
        metafunc.parametrize(("server", "scheme"), pairs, ids=ids, scope="session")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def start(authority: trustme.CA) -> Iterator[Start]:
    """Start a server, once; skip if it is not there."""
    started: dict[str, Site] = {}
    with ExitStack() as stack:

        def site_of(server: RealServer) -> Site:
            if reason := server.missing():
                (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(reason)
            if server.name not in started:
                started[server.name] = stack.enter_context(running(server, authority))
            return started[server.name]

        yield site_of


@pytest.fixture
def site(start: Start, server: RealServer) -> Site:
    return start(server)


@pytest.fixture
def recorder() -> KeepingRecorder:
    return KeepingRecorder()


@pytest.fixture
async def make_client(recorder: KeepingRecorder) -> AsyncIterator[MakeClient]:
    """Clients that trust a site's authority; further keywords are fields of HttpOptions."""
    clients: list[HttpClient] = []

    def make(site: Site, base_url: str, **options: Any) -> HttpClient:
        setup = ClientSetup(
            options=HttpOptions(
                timeout_ns=20 * NS_PER_S, tls_ca_file=str(site.authority), **options
            ),
            recorder=recorder,
            base_url=base_url,
        )
        client = HttpClient(setup, lambda: (("scenario", "s"),))
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.close()
