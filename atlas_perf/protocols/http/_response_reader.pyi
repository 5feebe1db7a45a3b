from collections.abc import Mapping
from dataclasses import dataclass

REFUSALS: tuple[str, ...]
DEFAULT_LIMITS: dict[str, int]

@dataclass(frozen=True, slots=True)
class ResponseHead:
    status: int
    minor_version: int
    reason: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    framing: str
    content_length: int | None
    keep_alive: bool
    tunnel: bool
    other_coding: bool
    noted: Mapping[str, bytes]
    repeated: frozenset[str]

class ResponseReader:
    complete: bool
    def __init__(self, method: str = "GET", limits: dict[str, int] | None = None) -> None: ...
    @property
    def interim(self) -> tuple[ResponseHead, ...]: ...
    @property
    def head(self) -> ResponseHead | None: ...
    @property
    def body(self) -> bytes: ...
    @property
    def received_bytes(self) -> int: ...
    @property
    def refusal(self) -> str: ...
    @property
    def surplus(self) -> bytes: ...
    def feed(self, data: bytes) -> None: ...
    def end_of_stream(self) -> None: ...
