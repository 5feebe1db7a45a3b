"""nginx, which also listens on a Unix socket, on IPv6 and for clients with a certificate."""

from __future__ import annotations

from collections.abc import Sequence

from launching import RealServer, found, program
from served_site import Site

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    types {{ text/plain txt; text/html html; application/octet-stream bin; }}
    log_format seen '$remote_port $request_method $request_uri $status';
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 20m;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    root {documents};
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        access_log {log} seen;
        location = /page.html {{ ssi on; }}
        location = /text.txt {{ gzip on; gzip_types text/plain; }}
        location = /no-content {{ return 204; }}
        location = /moved {{ return 302 /hello.txt; }}
        location = /see-other {{ return 303 /hello.txt; }}
        location = /broken {{ return 503; }}
        location /upload/ {{ dav_methods PUT; }}
    }}
    server {{
        listen unix:{socket};
        listen [::1]:{extra_port} ssl;
        ssl_verify_client on;
        ssl_client_certificate {authority};
        access_log off;
    }}
}}
"""


def commands(site: Site) -> Sequence[Sequence[str]]:
    file = site.folder / "nginx.conf"
    file.write_text(
        CONFIGURATION.format(
            folder=site.folder,
            certificate=site.certificate,
            key=site.key,
            authority=site.authority,
            documents=site.documents,
            port=site.port,
            tls_port=site.tls_port,
            extra_port=site.extra_port,
            socket=site.socket,
            log=site.log,
        )
    )
    return [[str(found("nginx")), "-p", str(site.folder), "-e", "stderr", "-c", str(file)]]


NGINX = RealServer(
    name="nginx",
    missing=program("nginx"),
    commands=commands,
    echoes=False,
    unprivileged_user=True,
)
