"""Node's http and https, which send interim responses and trailers as well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from launching import RealServer, found, program
from served_site import Site

SCRIPT = Path(__file__).with_name("node_server.js")


def commands(site: Site) -> Sequence[Sequence[str]]:
    return [[str(found("node")), str(SCRIPT)]]


NODE = RealServer(name="node", missing=program("node"), commands=commands)
