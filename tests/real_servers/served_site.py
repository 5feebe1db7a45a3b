"""What every server serves, and where one of them keeps its things."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import trustme

HELLO = b"hello\n"
LARGE = random.Random(1).randbytes(5_000_000)
PAGE = b"".join(b"<p>line %d of a page</p>\n" % number for number in range(12_000))
TEXT = b"".join(b"line %d of a text\n" % number for number in range(12_000))

DOCUMENTS = {
    "hello.txt": HELLO,
    "empty.txt": b"",
    "large.bin": LARGE,
    "page.html": PAGE,  # comes in chunks
    "text.txt": TEXT,  # comes compressed if that is accepted
}
"""Beside these: /no-content (204), /moved (302) and /see-other (303) to /hello.txt, /broken (503),
and uploads to /upload/NAME."""


@dataclass(frozen=True)
class Seen:
    """A request as the server logged it; requests of one connection have one client port."""

    client_port: int
    method: str
    path: str
    query: str
    status: int


@dataclass(frozen=True)
class Site:
    """The folder, the ports and the certificate of one running server."""

    folder: Path
    port: int
    tls_port: int
    extra_port: int  # for what only this server has

    @property
    def documents(self) -> Path:
        return self.folder / "documents"

    @property
    def log(self) -> Path:
        """`port method path?query status`, a line for each request."""
        return self.folder / "requests.log"

    @property
    def socket(self) -> Path:
        return self.folder / "server.sock"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def authority(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def environment(self) -> dict[str, str]:
        """`HOME` keeps Caddy's files here too; the rest is for servers whose program is ours."""
        return {
            "HOME": str(self.folder),
            "SITE_DOCUMENTS": str(self.documents),
            "SITE_LOG": str(self.log),
            "SITE_PORT": str(self.port),
            "SITE_TLS_PORT": str(self.tls_port),
            "SITE_CERTIFICATE": str(self.certificate),
            "SITE_KEY": str(self.key),
        }

    def url(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self.tls_port if scheme == 'https' else self.port}"

    def write(self, authority: trustme.CA) -> None:
        """Documents, an empty log, certificate and key."""
        self.documents.mkdir()
        (self.documents / "upload").mkdir()
        for name, content in DOCUMENTS.items():
            (self.documents / name).write_bytes(content)
        self.log.touch()
        authority.cert_pem.write_to_path(self.authority)
        issued = authority.issue_cert("127.0.0.1", "::1", "localhost")
        issued.private_key_pem.write_to_path(self.key)
        for number, part in enumerate(issued.cert_chain_pems):
            part.write_to_path(self.certificate, append=number > 0)

    def seen(self) -> list[Seen]:
        lines = self.log.read_text().splitlines()
        return [_seen_by_caddy(line) if line.startswith("{") else _seen(line) for line in lines]


def _seen(line: str) -> Seen:
    port, method, target, status = line.split(" ")
    path, _, query = target.partition("?")
    return Seen(int(port), method, path, query, int(status))


def _seen_by_caddy(line: str) -> Seen:
    entry = json.loads(line)
    request = entry["request"]
    path, _, query = request["uri"].partition("?")
    port, status = int(request["remote_port"]), entry["status"]
    return Seen(port, request["method"], path, query, status)
