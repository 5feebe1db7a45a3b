"""Virtual users with WebSocket clients, and what they record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from ws_stage import SampleList, User

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.ws.ws_client import WsClient
from atlas_perf.protocols.ws.ws_setup import WsSetup
from atlas_perf.units import NS_PER_S


@pytest.fixture
def samples() -> SampleList:
    return SampleList()


@pytest.fixture
async def make_user(samples: SampleList) -> AsyncIterator[Callable[..., User]]:
    """Make virtual users' clients, closed afterwards; keywords are HttpOptions'."""
    users: list[User] = []

    def make(base_url: str | None = None, **options: Any) -> User:
        options.setdefault("timeout_ns", 10 * NS_PER_S)
        tags = (("scenario", "s"),)
        setup = ClientSetup(options=HttpOptions(**options), recorder=samples, base_url=base_url)
        http = HttpClient(setup, lambda: tags)
        user = User(http, WsClient(WsSetup(setup, base_url), http, lambda: tags, seed="0"))
        users.append(user)
        return user

    yield make
    for user in users:
        await user.ws.close()
        await user.http.close()
