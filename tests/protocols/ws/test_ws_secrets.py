"""What is sent to authenticate turns up nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scripted_server import Peer, Stage
from ws_stage import SampleList, User

from atlas_perf import BearerAuth, WebSocketError


async def test_no_error_tag_or_text_tells_a_token(
    stage: Stage, make_user: Callable[..., User], samples: SampleList
) -> None:
    async def parrot(peer: Peer) -> None:
        request = await peer.request()
        token = request.headers["authorization"].encode()
        await peer.send(b"HTTP/1.1 403 " + token + b"\r\nX-Echo: " + token + b"\r\n\r\n" + token)

    server = await stage.serve(parrot)
    user = make_user(server.url)
    url = server.url.replace("http://", "ws://somebody:secret-pw@")
    for auth in (BearerAuth("secret-token"), None):
        connecting = user.ws.connect(f"{url}/x", auth=auth, headers={"X-Key": "secret-key"})
        assert "secret" not in repr(connecting._options)
        with pytest.raises(WebSocketError) as raised:
            await connecting
        assert "secret" not in repr(raised.value)
    assert samples.samples
    assert "secret" not in repr(samples.samples)
