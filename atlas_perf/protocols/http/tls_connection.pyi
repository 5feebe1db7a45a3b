import socket
import ssl

from atlas_perf.protocols.http.tcp_connection import TcpConnection

class TlsConnection(TcpConnection):
    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext,
        server_hostname: str,
        session: ssl.SSLSession | None = None,
    ) -> None: ...
    @property
    def tls(self) -> ssl.SSLObject: ...
    async def handshake(self) -> None: ...
