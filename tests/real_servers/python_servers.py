"""uvicorn, gunicorn and Python's http.server, under this interpreter."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from launching import RealServer
from served_site import Site

HERE = Path(__file__).parent


def package(name: str) -> Callable[[], str | None]:
    """Missing unless it can be imported."""

    def missing() -> str | None:
        return None if importlib.util.find_spec(name) else f"{name} is not installed"

    return missing


def uvicorn(site: Site) -> Sequence[Sequence[str]]:
    plain = [
        *(sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "--no-access-log"),
        *("--log-level", "warning", "--lifespan", "off", "asgi_site:application", "--port"),
    ]
    tls = ("--ssl-certfile", str(site.certificate), "--ssl-keyfile", str(site.key))
    return [[*plain, str(site.port)], [*plain, str(site.tls_port), *tls]]


def gunicorn(site: Site) -> Sequence[Sequence[str]]:
    plain = [
        *(sys.executable, "-m", "gunicorn", "--chdir", str(HERE), "--worker-class", "gthread"),
        *("--threads", "8", "--log-level", "warning", "--no-control-socket"),
        *("--worker-tmp-dir", str(site.folder), "wsgi_site:application", "--bind"),
    ]
    tls = ("--certfile", str(site.certificate), "--keyfile", str(site.key))
    return [
        [*plain, f"127.0.0.1:{site.port}"],
        [*plain, f"127.0.0.1:{site.tls_port}", *tls],
    ]


def http_server(site: Site) -> Sequence[Sequence[str]]:
    return [[sys.executable, str(HERE / "http_server_site.py")]]


UVICORN = RealServer(name="uvicorn", missing=package("uvicorn"), commands=uvicorn)
GUNICORN = RealServer(name="gunicorn", missing=package("gunicorn"), commands=gunicorn)
HTTP_SERVER = RealServer(
    name="http.server",
    missing=package("http.server"),
    commands=http_server,
    schemes=("http",),
    plain_chunks=False,
    keeps_connections=False,
)
