"""The stop-watch of one round trip, and the phases read off it.

    began ─ blocked ─ dial ─ connecting ─ TLS ─ tls_handshaking ─ send ─ sending ─ sent
          ─ waiting ─ first byte ─ receiving ─ last byte

* blocked: everything before the first byte is sent that is not connecting or TLS: waiting for a
  free connection of this user (pool_wait), name lookup (looking_up), and an attempt on a kept
  connection that turned out to be dead. The first two are also told by themselves. k6 counts
  connecting and TLS in here too; ours does not, so the phases add up.
* connecting: TCP, over all addresses tried. tls_handshaking: TLS on the connected socket.
  Neither happened on a kept connection (-1).
* sending: from handing over the first byte until the kernel has taken the last one.
* waiting: until the first byte of the final response (an interim 1xx does not count).
* receiving: until the last byte of the body. Decoding is outside.
* duration: sending + waiting + receiving, the service time. A request without a usable response
  has no service time; its duration is all that passed since the call.
"""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.units import NS_PER_MS

ABSENT = -1
"""A mark that was not reached, or a phase that did not happen."""


class Stopwatch:
    """Readings of the monotonic clock in nanoseconds; ABSENT until taken."""

    __slots__ = (
        "began_ns",
        "dial_began_ns",
        "dial_ended_ns",
        "first_byte_ns",
        "last_byte_ns",
        "lookup_began_ns",
        "lookup_ended_ns",
        "send_began_ns",
        "sent_ns",
        "tls_began_ns",
        "tls_ended_ns",
        "wait_began_ns",
        "wait_ended_ns",
    )

    def __init__(self, began_ns: int) -> None:
        self.began_ns = began_ns
        self.wait_began_ns = ABSENT
        self.wait_ended_ns = ABSENT
        self.lookup_began_ns = ABSENT
        self.lookup_ended_ns = ABSENT
        self.dial_began_ns = ABSENT
        self.dial_ended_ns = ABSENT
        self.tls_began_ns = ABSENT
        self.tls_ended_ns = ABSENT
        self.forget_exchange()

    def forget_exchange(self) -> None:
        """Before a second attempt: what the first one sent counts as blocked."""
        self.send_began_ns = ABSENT
        self.sent_ns = ABSENT
        self.first_byte_ns = ABSENT
        self.last_byte_ns = ABSENT

    @property
    def dialling(self) -> bool:
        """True between the first TCP connect and its success."""
        return self.dial_began_ns != ABSENT and self.dial_ended_ns == ABSENT


@dataclass(frozen=True, slots=True)
class Timings:
    """Phases of one round trip in nanoseconds; -1 for a phase that did not happen."""

    duration_ns: int = 0
    blocked_ns: int = 0
    connecting_ns: int = ABSENT
    tls_handshaking_ns: int = ABSENT
    sending_ns: int = ABSENT
    waiting_ns: int = ABSENT
    receiving_ns: int = ABSENT
    pool_wait_ns: int = ABSENT  # within blocked
    looking_up_ns: int = ABSENT  # within blocked

    @property
    def total_ns(self) -> int:
        """From the call to the end: the phases that happened, which lie end to end."""
        phases_ns = (
            self.blocked_ns,
            self.connecting_ns,
            self.tls_handshaking_ns,
            self.sending_ns,
            self.waiting_ns,
            self.receiving_ns,
        )
        return sum(max(phase_ns, 0) for phase_ns in phases_ns)

    @property
    def duration_ms(self) -> float:
        """Sending, waiting and receiving in milliseconds: k6's `timings.duration`."""
        return self.duration_ns / NS_PER_MS

    @property
    def waiting_ms(self) -> float:
        """Time to first byte in milliseconds, 0 if it never came to waiting."""
        return max(self.waiting_ns, 0) / NS_PER_MS

    def ages(self) -> dict[str, int]:
        """Of a request cut off in flight: how long each time had lasted, by its metric.

        Sending, waiting and receiving come to every response, and are 0 if they had not begun.
        """
        still_to_come = {
            "http_req_sending": max(self.sending_ns, 0),
            "http_req_waiting": max(self.waiting_ns, 0),
            "http_req_receiving": max(self.receiving_ns, 0),
        }
        begun = {
            "http_req_blocked": self.blocked_ns,
            "http_req_connecting": self.connecting_ns,
            "http_req_tls_handshaking": self.tls_handshaking_ns,
            "http_req_pool_wait": self.pool_wait_ns,
            "http_req_looking_up": self.looking_up_ns,
        }
        return {
            "http_req_duration": sum(still_to_come.values()),
            **still_to_come,
            **{name: age_ns for name, age_ns in begun.items() if age_ns != ABSENT},
        }

    @classmethod
    def of_response(cls, watch: Stopwatch) -> Timings:
        """Phases of a round trip that ended with the last byte of a response."""
        return cls._read(watch, watch.last_byte_ns, watch.last_byte_ns - watch.send_began_ns)

    @classmethod
    def of_failure(cls, watch: Stopwatch, ended_ns: int) -> Timings:
        """Phases up to a failure; the one it happened in lasts until then."""
        return cls._read(watch, ended_ns, ended_ns - watch.began_ns)

    @classmethod
    def _read(cls, watch: Stopwatch, ended_ns: int, duration_ns: int) -> Timings:
        connecting_ns = _phase(watch.dial_began_ns, watch.dial_ended_ns, ended_ns)
        tls_ns = _phase(watch.tls_began_ns, watch.tls_ended_ns, ended_ns)
        ready_ns = ended_ns if watch.send_began_ns == ABSENT else watch.send_began_ns
        blocked_ns = ready_ns - watch.began_ns - max(connecting_ns, 0) - max(tls_ns, 0)
        sent_ns = _earlier(watch.sent_ns, watch.first_byte_ns)
        return cls(
            duration_ns=duration_ns,
            blocked_ns=blocked_ns,
            connecting_ns=connecting_ns,
            tls_handshaking_ns=tls_ns,
            sending_ns=_phase(watch.send_began_ns, sent_ns, ended_ns),
            waiting_ns=_phase(sent_ns, watch.first_byte_ns, ended_ns),
            receiving_ns=_phase(watch.first_byte_ns, ended_ns, ended_ns),
            pool_wait_ns=_phase(watch.wait_began_ns, watch.wait_ended_ns, ended_ns),
            looking_up_ns=_phase(watch.lookup_began_ns, watch.lookup_ended_ns, ended_ns),
        )


def _phase(began_ns: int, ended_ns: int, cut_ns: int) -> int:
    if began_ns == ABSENT:
        return ABSENT
    return (cut_ns if ended_ns == ABSENT else ended_ns) - began_ns


def _earlier(sent_ns: int, first_byte_ns: int) -> int:
    """End of sending: a server may answer before it has read the whole request."""
    if ABSENT in (sent_ns, first_byte_ns):
        return max(sent_ns, first_byte_ns)
    return min(sent_ns, first_byte_ns)
