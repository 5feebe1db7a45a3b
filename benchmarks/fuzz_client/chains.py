"""One call of a lone user: a request over TLS, or one that is led from place to place.

* Each request of the chain is one sample, in order: every answered one with its status, and the
  last one as the call ends.
* A redirect that can be followed is followed, with the method, the content and the place it says,
  at most so many times; what cannot be followed is an error of the response that says it.
* A secret given with the request is sent to its own origin only, and never again once it was left.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, cast

from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.urls import Origin
from benchmarks.fuzz_client.inputs import Inputs
from benchmarks.fuzz_client.locations import STATUSES, Locations, Place
from benchmarks.fuzz_client.lone_user import Authority, LoneUser
from benchmarks.fuzz_client.replies import LOST_BEFORE, Reply
from benchmarks.fuzz_client.server_end import SecureEnd, ServerEnd
from benchmarks.fuzz_client.verdicts import (
    BrokenPromiseError,
    otherwise_for_llhttp,
    wrong_content,
    wrong_phases,
)

MAX_REDIRECTS = 4
_SECRET = b"secret"
_CONTENT = b"content"


class ChainUser(LoneUser):
    """Makes one call after the other. `locations` are where it is led; None: nowhere."""

    def __init__(
        self,
        number: int,
        inputs: Inputs,
        dice: random.Random,
        authority: Authority,
        locations: Locations | None,
    ) -> None:
        hops = 0 if locations is None else MAX_REDIRECTS
        super().__init__(number, inputs, dice, authority, max_redirects=hops)
        self._locations = locations
        secure = locations is None or number % 4 == 3
        self._url = "https://fuzz/" if secure else "http://fuzz/"

    async def execute(self, number: int) -> int:
        """Make one call; returns 1.

        Raises:
            BrokenPromiseError: with the bytes that broke it.
        """
        script = self.inputs.next()
        self.begin()
        self._script = script
        self._places: list[Place | None] = []
        params: dict[str, Any] = {"timeout": "20ms"} if script.times_out else {}
        if self._locations is not None and self.dice.random() < 0.5:
            params["headers"] = {"Authorization": _SECRET.decode()}
        self._gave_secret = "headers" in params
        content = _CONTENT if script.method == "POST" else None
        call = self.client.request(script.method, self._url, content, **params)
        coroutine = cast(Coroutine[Any, Any, Response], call)
        task = asyncio.get_running_loop().create_task(coroutine)
        try:
            await self.serve(task, script, self._answer)
            wrong = (
                self._wrong_samples(task)
                or self._wrong_way()
                or self._wrong_end(task, number)
                or self.complaint_of_connections()
            )
        except BrokenPromiseError as error:
            wrong = str(error)
        if wrong:
            replies = "\n".join(map(str, self.replies))
            raise BrokenPromiseError(
                f"{wrong}\nexecution {number}: {script}\nreplies:\n{replies}\n{self.samples}"
            )
        return 1

    # The servers

    def _answer(self, end: ServerEnd, reply: Reply) -> None:
        """Lead on now and then; else what the script says."""
        script, place = self._script, None
        pieces, ending = script.pieces, script.ending
        if self._locations is not None and self.dice.random() < 0.7:
            place = self._locations.next(reply.head.split(b" ", 2)[1])
            pieces, ending = self._redirect(place), "open" if self.dice.random() < 0.8 else ending
        self._places[len(self.replies) - 1 :] = [place]
        end.leaves_one = ending == "rst"
        if not isinstance(end, SecureEnd):
            end.answer(reply, pieces, ending)
            return
        rolled = self.dice.random()
        if ending == "fin" and rolled < 0.6:
            ending = "notify"
        end.answer(reply, pieces, ending, self.inputs.damaged if rolled > 0.8 else None)

    def _redirect(self, place: Place) -> list[bytes]:
        status = self.dice.choice(STATUSES)
        kept = b"" if self.dice.random() < 0.9 else b"Connection: close\r\n"
        cookie = b"Set-Cookie: a=b\r\n" if self.dice.random() < 0.1 else b""
        head = b"HTTP/1.1 %d Elsewhere\r\n%b%bLocation: %b\r\n" % (status, kept, cookie, place.text)
        data = head + b"Content-Length: 2\r\n\r\nno"
        return self.inputs.cut(self.inputs.damaged(data) if self.dice.random() < 0.15 else data)

    # What must hold

    def _wrong_samples(self, task: asyncio.Task[Response]) -> str:
        statuses = [int(tags["status"]) for tags, _, _ in self.samples]
        whole = [_status(reply) for reply in self.replies if reply.is_whole]
        censored = self.counts["http_reqs_censored"]
        if task.cancelled():
            given_up = censored or (statuses and self.samples[-1][0].get("error"))
            if not self.canceled or (not censored and given_up != "request canceled"):
                return "cancelled by nobody, or not counted as that"
            made = len(statuses) + censored
            if not censored:
                statuses.pop()
            right = censored <= 1 and statuses == whole[: len(statuses)]
            right = right and len(self.replies) <= made <= len(self.replies) + 1
        elif (raised := task.exception()) is not None:
            return f"raised {raised!r}"
        else:
            result = task.result()
            if self._script.times_out and result.error == "request timeout":
                del whole[len(statuses) - 1 :]  # it may have come too late
            whole += [] if result.status else [0]
            right = not censored and statuses == whole and len(whole) >= len(self.replies)
        if not right:
            return f"samples of {statuses} and {censored} cut off, for responses of {whole}"
        for tags, failed, numbers in self.samples:
            if wrong := wrong_phases(numbers, answered=tags["status"] != "0"):
                return wrong
            if failed and tags["status"] in {"301", "302", "307"} and "error" not in tags:
                return f"failed for no reason: {tags}"
        return ""

    def _wrong_way(self) -> str:
        """What is wrong with where the requests went, and what they took there."""
        if len(self.replies) > (MAX_REDIRECTS if self._locations is not None else 0) + 1:
            return "led further than it may be"
        secret, method = self._gave_secret, self._script.method
        for n, reply in enumerate(self.replies):
            if n:
                before = self.replies[n - 1]
                if wrong := self._wrong_place(before, reply, self._places[n - 1]):
                    return wrong
                secret = secret and _same_owner(before.origin, reply.origin)
                if _status(before) < 304 and method != "HEAD":
                    method = "GET"
            if wrong := _wrong_request(reply, method, secret=secret):
                return wrong
        return ""

    def _wrong_place(self, before: Reply, reply: Reply, place: Place | None) -> str:
        if not _leads_on(before):
            return f"asked again, but not led on: {before}"
        if place is None or before.read().head.noted.get("location") != place.text:  # type: ignore[union-attr]
            return ""  # damaged
        path = reply.head.split(b" ", 2)[1]
        if place.follows is False:
            return f"followed to {place.text!r}"
        if place.path and (path != place.path or reply.origin != (place.origin or before.origin)):
            return f"led to {reply.origin} {path!r} by {place.text!r}"
        return ""

    def _wrong_end(self, task: asyncio.Task[Response], number: int) -> str:
        if task.cancelled():
            return ""
        response = task.result()
        last = self.replies[-1] if self.replies else None
        if response.status == 0:
            return self._wrong_failure(response, last)
        assert last is not None
        if wrong := wrong_content(last.read(), response, reads_all=self._script.reads_all):
            return wrong
        if self._locations is not None and _leads_on(last):
            place = self._places[len(self.replies) - 1]
            led_out = response.error == f"stopped after {MAX_REDIRECTS} redirects"
            lost = response.error.startswith("redirect to an ")
            sure = place is not None and last.read().head.noted["location"] == place.text  # type: ignore[union-attr]
            if (led_out and len(self.replies) <= MAX_REDIRECTS) or not (led_out or lost):
                return f"not followed: {response!r}"
            if lost and sure and place is not None and place.follows and place.path:
                return f"not followed: {response!r}"
        return (
            otherwise_for_llhttp(last.method, last.delivered, response) if number % 32 == 0 else ""
        )

    def _wrong_failure(self, response: Response, last: Reply | None) -> str:
        expected: tuple[str, ...] = ()
        if last is not None and not last.is_whole:
            expected = last.expected_errors() if last.is_decided or last.poisoned else ()
            if last.is_void:  # it was sent once more, in vain
                expected += self._unsent_errors()
        else:
            expected = self._unsent_errors()
        if self._script.times_out:
            expected += ("request timeout", "dial: i/o timeout")
        if not response.error.startswith(expected):
            return f"{response!r} instead of one of {expected}"
        return ""

    def _unsent_errors(self) -> tuple[str, ...]:
        """How a request may fail that no server saw."""
        errors: tuple[str, ...] = ("dial: connection refused",) if self.refused else ()
        if self.harmed:
            errors += ("tls: ", "x509: ")
        if self._script.method == "POST" or self.replies:
            errors += LOST_BEFORE
        return errors


def _wrong_request(reply: Reply, method: str, *, secret: bool) -> str:
    if reply.method != method or reply.content != _CONTENT * (method == "POST"):
        return f"another method or content than {method}: {reply}"
    if (_SECRET in reply.head) != secret:
        return f"a secret is {'missing' if secret else 'told'}: {reply}"
    if _host(reply.origin) not in reply.head:
        return f"another Host than its origin: {reply}"
    return ""


def _status(reply: Reply) -> int:
    head = reply.read().head
    return head.status if head is not None else 0


def _leads_on(reply: Reply) -> bool:
    head = reply.read().head
    assert head is not None
    return head.status in STATUSES and bool(head.noted.get("location"))


def _same_owner(old: Origin, new: Origin) -> bool:
    upgraded = old[0] == "http" and new == ("https", old[1], 443) and old[2] == 80
    return old == new or upgraded


def _host(origin: Origin) -> bytes:
    scheme, host, port = origin
    bracketed = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(scheme) == port
    return f"\r\nHost: {bracketed}{'' if default else f':{port}'}\r\n".encode()
