"""Apache httpd with the event MPM, which is a forward proxy and knows digest authentication too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from launching import RealServer, found, program
from served_site import Site

MODULES = Path("/usr/lib/apache2/modules")
LOADED = (
    *("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic"),
    *("auth_digest", "alias", "mime", "dir", "rewrite", "dav", "dav_fs", "deflate", "filter"),
    *("cgid", "ssl", "socache_shmcb", "proxy", "proxy_http", "proxy_connect"),
)
USER, PASSWORD, REALM = "load", "pa:ss", "here"

CONFIGURATION = """
ServerRoot {folder}
ServerName 127.0.0.1
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel warn
DefaultRuntimeDir {folder}
Mutex file:{folder}
{modules}
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{tls_port}
Listen 127.0.0.1:{extra_port}
StartServers 1
ServerLimit 1
ThreadsPerChild 32
MaxRequestWorkers 32
ThreadLimit 32
MinSpareThreads 1
MaxSpareThreads 32
MaxKeepAliveRequests 0
LogFormat "%{{remote}}p %m %U%q %>s" seen
TypesConfig /dev/null
AddType text/plain .txt
AddType text/html .html
DocumentRoot {documents}
DavLockDB {folder}/dav
<Directory {documents}>
    Require all granted
</Directory>
ScriptSock {folder}/cgid.sock
ScriptAlias /page.html {folder}/page.cgi
<Directory {folder}>
    Require all granted
</Directory>
<Files text.txt>
    SetOutputFilter DEFLATE
</Files>
Redirect 302 /moved /hello.txt
Redirect 303 /see-other /hello.txt
<Directory {documents}/upload>
    Dav On
</Directory>
<Location /digest>
    AuthType Digest
    AuthName "{realm}"
    AuthDigestProvider file
    AuthUserFile {folder}/digest
    Require valid-user
</Location>
Alias /digest {documents}
<VirtualHost 127.0.0.1:{port}>
    CustomLog {log} seen
    {rewriting}
</VirtualHost>
<VirtualHost 127.0.0.1:{tls_port}>
    CustomLog {log} seen
    {rewriting}
    SSLEngine on
    SSLCertificateFile {certificate}
    SSLCertificateKeyFile {key}
</VirtualHost>
<VirtualHost 127.0.0.1:{extra_port}>
    ProxyRequests On
    AllowCONNECT 1-65535
    <Proxy *>
        AuthType Basic
        AuthName "{realm}"
        AuthUserFile {folder}/basic
        Require valid-user
    </Proxy>
</VirtualHost>
"""

SCRIPT = """#!/bin/sh
printf 'Content-Type: text/html\\r\\n\\r\\n'
exec cat {page}
"""
REWRITING = """
    RewriteEngine On
    RewriteRule ^/no-content$ - [R=204,L]
    RewriteRule ^/broken$ - [R=503,L]
"""


def commands(site: Site) -> Sequence[Sequence[str]]:
    modules = "\n".join(
        f"LoadModule {name}_module {MODULES}/mod_{name}.so"
        for name in LOADED
        if (MODULES / f"mod_{name}.so").exists()
    )
    digest = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode()).hexdigest()
    hashed = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (site.folder / "digest").write_text(f"{USER}:{REALM}:{digest}\n")
    (site.folder / "basic").write_text(f"{USER}:{{SHA}}{hashed}\n")
    script = site.folder / "page.cgi"  # of unknown length, and so in chunks
    script.write_text(SCRIPT.format(page=site.documents / "page.html"))
    script.chmod(0o755)
    file = site.folder / "apache.conf"
    file.write_text(
        CONFIGURATION.format(
            folder=site.folder,
            modules=modules,
            documents=site.documents,
            port=site.port,
            tls_port=site.tls_port,
            extra_port=site.extra_port,
            log=site.log,
            realm=REALM,
            rewriting=REWRITING,
            certificate=site.certificate,
            key=site.key,
        )
    )
    return [[str(found("apache2")), "-d", str(site.folder), "-f", str(file), "-D", "FOREGROUND"]]


APACHE = RealServer(
    name="apache",
    missing=program("apache2"),
    commands=commands,
    echoes=False,
    unprivileged_user=True,
)
