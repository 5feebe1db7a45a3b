"""Caddy."""

from __future__ import annotations

from collections.abc import Sequence

from launching import RealServer, found, program
from served_site import Site

CONFIGURATION = """
{{
    admin off
    auto_https off
    storage file_system {folder}/storage
    default_sni 127.0.0.1
    servers {{
        protocols h1
    }}
}}
(site) {{
    bind 127.0.0.1
    root * {documents}
    log {{
        output file {log}
        format json
    }}
    respond /no-content 204
    respond /broken 503
    redir /moved /hello.txt 302
    redir /see-other /hello.txt 303
    @text path /text.txt /page.html
    encode @text gzip
    @upload method PUT
    respond @upload "{{http.request.body}}" 200
    file_server
}}
http://:{port} {{
    import site
}}
https://:{tls_port} {{
    tls {certificate} {key}
    import site
}}
"""


def commands(site: Site) -> Sequence[Sequence[str]]:
    file = site.folder / "Caddyfile"
    file.write_text(
        CONFIGURATION.format(
            folder=site.folder,
            documents=site.documents,
            log=site.log,
            port=site.port,
            tls_port=site.tls_port,
            certificate=site.certificate,
            key=site.key,
        )
    )
    return [[str(found("caddy")), "run", "--config", str(file), "--adapter", "caddyfile"]]


CADDY = RealServer(
    name="caddy",
    missing=program("caddy"),
    commands=commands,
    plain_chunks=False,
    unprivileged_user=True,
)
