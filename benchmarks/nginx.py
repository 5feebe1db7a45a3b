"""nginx for the time of a measurement: own configuration, free loopback ports, own core."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

BODY = '{"id":"run-1","status":"COMPLETED","agents":3}'
"""What every path answers, to every method."""

START_LIMIT_S = 10.0
_SBIN = "/usr/sbin:/usr/local/sbin"

_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    listen 127.0.0.1:{tls_port} ssl backlog=4096;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    location / {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"""


class NginxAbsent(Exception):
    """There is no nginx here, or it does not start; the text says why."""


@dataclass(frozen=True, slots=True)
class Nginx:
    port: int
    tls_port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://127.0.0.1:{self.tls_port}"


@contextmanager
def running_nginx(cpu: int | None, *, connections: int = 4096) -> Iterator[Nginx]:
    """One worker process of nginx on one core; gone afterwards, with all its files.

    Raises:
        NginxAbsent: if it is not installed or does not come up.
    """
    executable = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{_SBIN}")
    if executable is None:
        raise NginxAbsent("nginx is not installed")
    with tempfile.TemporaryDirectory(prefix="atlas-perf-nginx-") as name:
        folder = Path(name)
        port, tls_port = _free_ports(2)
        _write_files(folder, port, tls_port, connections)
        pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
        process = subprocess.Popen(
            [*pinned, executable, "-p", name, "-c", str(folder / "nginx.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            _wait_until_it_listens(process, port)
            yield Nginx(port, tls_port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(START_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()


def _write_files(folder: Path, port: int, tls_port: int, connections: int) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "certificate.pem", append=True)
    configuration = _CONFIGURATION.format(
        user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        folder=folder,
        port=port,
        tls_port=tls_port,
        connections=connections,
        files=connections + 100,
        body=BODY,
    )
    (folder / "nginx.conf").write_text(configuration)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise NginxAbsent(f"nginx does not start: {said.strip()}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise NginxAbsent(f"nginx does not listen within {START_LIMIT_S:.0f} s")
