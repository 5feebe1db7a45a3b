"""TLS sessions of one virtual user, for its later connections to resume.

A user that comes back resumes what it knows, as browsers do; another user's sessions are not its
own, or a server would look cheaper under load than it is.
"""

from __future__ import annotations

import ssl

from atlas_perf.protocols.http.urls import Origin


class TlsSessions:
    """By origin, the state of the connection that was made last.

    The session is read off it only when another connection is opened: under TLS 1.3 tickets come
    after the handshake, at any time, and reading a session means copying it.
    """

    def __init__(self) -> None:
        self._newest: dict[Origin, ssl.SSLObject] = {}

    def newest(self, origin: Origin) -> ssl.SSLSession | None:
        """What a new connection may resume; a server that has forgotten it starts afresh."""
        connected = self._newest.get(origin)
        return None if connected is None else connected.session

    def keep(self, origin: Origin, connected: ssl.SSLObject) -> None:
        """Note a connection whose handshake went well."""
        self._newest[origin] = connected

    def forget(self) -> None:
        """Know no server any more."""
        self._newest.clear()
