"""What redirects lead to: sound and unsound values of Location, and what is to become of them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from atlas_perf.protocols.http.urls import Origin

STATUSES = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Location leads, seen from http://fuzz or https://fuzz."""

    text: bytes
    origin: Origin | None = None  # None: the one it comes from
    path: bytes = b""  # b"": nobody says
    follows: bool | None = True  # False: it is no URL to be followed; None: nobody says


def _to(text: bytes, scheme: str, host: str, port: int, path: bytes) -> Place:
    return Place(text, (scheme, host, port), path)


_PLACES = (
    *[Place(b"/next", path=b"/next"), Place(b"?a=b"), Place(b"#part"), Place(b"sub/path")],
    *[Place(b"/a/../b", path=b"/b"), Place(b"/./././c", path=b"/c"), Place(b"/../../up")],
    *[Place(b"/%2e%2e/x"), Place(b"/a b", path=b"/a%20b"), Place(b"/\xc3\xa9", path=b"/%C3%A9")],
    *[Place(b"/\xe9"), Place(b"/?q=\xff&r=%zz"), Place(b"/" + b"x" * 3000), Place(b";p=q")],
    _to(b"http://fuzz/same", "http", "fuzz", 80, b"/same"),
    _to(b"http://fuzz:80/same", "http", "fuzz", 80, b"/same"),
    _to(b"HTTP://FUZZ/case", "http", "fuzz", 80, b"/case"),
    _to(b"https://fuzz/secure", "https", "fuzz", 443, b"/secure"),
    _to(b"https://fuzz:444/port", "https", "fuzz", 444, b"/port"),
    _to(b"http://fuzz:81/port", "http", "fuzz", 81, b"/port"),
    _to(b"http://other/", "http", "other", 80, b"/"),
    _to(b"https://other/x?y=z#part", "https", "other", 443, b"/x?y=z"),
    _to(b"https://a.other", "https", "a.other", 443, b"/"),
    _to(b"https://nobody/x", "https", "nobody", 443, b"/x"),  # not in the certificate
    _to(b"http://[::1]/six", "http", "::1", 80, b"/six"),
    _to(b"http://user:word@other/in", "http", "other", 80, b"/in"),
    _to(b"http://user@fuzz/in", "http", "fuzz", 80, b"/in"),
    *[Place(b"//other/slashes"), Place(b"///three"), Place(b"////four"), Place(b"\\\\other\\x")],
    # Without a host and with the scheme they come from, RFC 3986 lets them be relative (5.2.2).
    *[Place(text, follows=None) for text in (b"http://", b"http:///x", b"https://", b"https:/x")],
    *[Place(b"http:/one"), Place(b"http:path"), Place(b"https:"), Place(b"http://fuzz\\@other/")],
    *[Place(b"http://b\xc3\xbccher/"), Place(b"http://xn--/"), Place(b"http://%66uzz/")],
    *[Place(b"https://[::1]/"), Place(b"https://[fe80::1%25eth0]/"), Place(b"http://[v1.x]/")],
    *[Place(b"http://." + b"a" * 70), Place(b"https://" + b"a" * 64 + b".other/")],
    *[Place(b"https://" + b"a." * 130), Place(b"https://a..other/"), Place(b"https://other./")],
    *[Place(text, follows=False) for text in (b"ftp://fuzz/", b"javascript:alert(1)")],
    *[Place(text, follows=False) for text in (b"http://[::1", b"http://fuzz:99999/", b"data:,x")],
    *[Place(text, follows=False) for text in (b"http://fuzz:port/", b"//fuzz:0/")],
    *[Place(text, follows=False) for text in (b"http://a b/", b"file:///etc/x", b"mailto:a@b")],
)


class Locations:
    """Places without end."""

    def __init__(self, dice: random.Random, closed_port: int) -> None:
        """At `closed_port` of 127.0.0.1 nobody listens."""
        self._dice = dice
        refused = _to(b"http://127.0.0.1:%d/" % closed_port, "http", "127.0.0.1", closed_port, b"/")
        refuses = _to(
            b"https://127.0.0.1:%d/" % closed_port, "https", "127.0.0.1", closed_port, b"/"
        )
        self._places = (*_PLACES, refused, refuses)

    def next(self, path: bytes) -> Place:
        """For a response to a request of this path, to which it may lead back."""
        rolled = self._dice.random()
        if rolled < 0.2 and not path.startswith(b"//"):
            return Place(path, path=path)
        place = self._dice.choice(self._places)
        if rolled < 0.85:
            return place
        at = self._dice.randrange(len(place.text) + 1)
        put_in = bytes(self._dice.choices(range(1, 256), k=self._dice.randrange(3)))
        text = place.text[:at] + put_in + place.text[at + self._dice.randrange(3) :]
        return Place(text.replace(b"\r", b"").replace(b"\n", b"").strip(b" \t"), follows=None)
