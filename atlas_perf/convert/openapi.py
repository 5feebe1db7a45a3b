"""An OpenAPI description as a scenario: each resource is created, read, changed and deleted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas_perf.convert.conversion import (
    Body,
    Code,
    Conversion,
    Group,
    Kept,
    Step,
    Text,
    Value,
    left_out_note,
)
from atlas_perf.convert.openapi_examples import Examples
from atlas_perf.convert.openapi_format import Description, References, read_openapi
from atlas_perf.convert.scenario_text import identifier
from atlas_perf.convert.secret_values import Variables, variable_name
from atlas_perf.errors import UsageError
from atlas_perf.judge.redact import is_secret_name

NO_SERVER = "http://localhost:8088"

_ORDER = ("post", "get", "head", "put", "patch", "options", "delete")
"""What is created first can be read and changed before it is deleted."""

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_VERSION = re.compile(r"api|v\d+")
_STREAMS = frozenset({"text/event-stream"})


@dataclass(frozen=True, slots=True)
class _Operation:
    path: str
    method: str  # in small letters
    about: Any
    shared_parameters: Sequence[Any]  # of the path, for all its methods

    @property
    def title(self) -> str:
        return self.about.operationId or self.about.summary or f"{self.method.upper()} {self.path}"


def convert_openapi(file: Path, *, with_deprecated: bool = False) -> Conversion:
    """The scenario of a description: a group for each resource, a request for each operation.

    Raises:
        UsageError: the file is no description, or describes no operation.
    """
    description = read_openapi(file)
    writer = _Writer(description, file)
    operations = list(writer.operations(with_deprecated=with_deprecated))
    if not operations:
        raise UsageError(f"{file} describes no operation that a scenario could call")
    groups = tuple(
        Group(resource, tuple(writer.steps(of_resource)))
        for resource, of_resource in _by_resource(operations).items()
    )
    return Conversion(
        source=file.name,
        kind="openapi",
        base_url=_base_url(description),
        groups=groups,
        variables=writer.variables.all,
        notes=tuple(writer.notes()),
    )


def _by_resource(operations: Sequence[_Operation]) -> dict[str, list[_Operation]]:
    resources: dict[str, list[_Operation]] = {}
    for operation in operations:
        resources.setdefault(_resource(operation.path), []).append(operation)
    for of_resource in resources.values():
        of_resource.sort(key=_place_in_life)
    return resources


def _place_in_life(operation: _Operation) -> tuple[int, int, int]:
    """What creates comes first and what deletes last; between them, short paths first."""
    depth = operation.path.count("/")
    stage = {"post": 0 if not _PLACEHOLDER.search(operation.path) else 1, "delete": 2}
    # The innermost is deleted first.
    return (
        stage.get(operation.method, 1),
        -depth if operation.method == "delete" else depth,
        _ORDER.index(operation.method),
    )


def _resource(path: str) -> str:
    names = [part for part in path.split("/") if part and not _PLACEHOLDER.search(part)]
    return next((name for name in names if not _VERSION.fullmatch(name)), "start")


class _Writer:
    def __init__(self, description: Description, file: Path) -> None:
        references = References(description, file)
        self.variables = Variables()
        self._description = description
        self._resolved = references.resolved
        self._examples = Examples(references)
        self._left_out: Counter[str] = Counter()
        self._known: dict[str, str] = {}  # the path of a collection -> the id of what was created

    def operations(self, *, with_deprecated: bool) -> Iterator[_Operation]:
        for path, referred in (self._description.paths or {}).items():
            item = self._resolved(referred)
            for method in _ORDER:
                about = getattr(item, method, None)
                if about is None:
                    continue
                if about.deprecated and not with_deprecated:
                    self._left_out["deprecated (--with-deprecated keeps them)"] += 1
                elif self._streams(about):
                    self._left_out["event streams (write them with vu.http.stream)"] += 1
                else:
                    yield _Operation(path, method, about, item.parameters or ())

    def _streams(self, about: Any) -> bool:
        _, response = self._success(about)
        content = getattr(response, "content", None) or {}
        return bool(content) and set(content) <= _STREAMS

    def steps(self, operations: Sequence[_Operation]) -> Iterator[Step]:
        self._known = {}
        for operation in operations:
            yield self._step(operation)

    def _step(self, operation: _Operation) -> Step:
        parameters = self._parameters(operation)
        status, response = self._success(operation.about)
        step = Step(
            title=operation.title,
            method=operation.method.upper(),
            url=self._url(operation, parameters),
            expected_status=status,
            name=operation.path if _PLACEHOLDER.search(operation.path) else None,
            params=dict(self._given_in("query", parameters)),
            headers=dict(self._headers(operation, parameters)),
            body=self._body(operation),
            keeps=self._kept(operation, response),
        )
        if step.keeps is not None:
            self._known[operation.path.rstrip("/")] = step.keeps.variable
        return step

    def _parameters(self, operation: _Operation) -> dict[tuple[str, str], Any]:
        """By place and name; an operation's own win over those of its path."""
        given = (*operation.shared_parameters, *(operation.about.parameters or ()))
        resolved = [self._resolved(parameter) for parameter in given]
        return {(_place(parameter), parameter.name): parameter for parameter in resolved}

    def _url(self, operation: _Operation, parameters: Mapping[tuple[str, str], Any]) -> Text:
        parts: list[str | Code] = [Code("BASE_URL")]
        position = 0
        for match in _PLACEHOLDER.finditer(operation.path):
            parts.append(operation.path[position : match.start()])
            collection = operation.path[: match.start()].rstrip("/")
            variable = self._known.get(collection)
            if variable is not None:
                parts.append(Code(variable))
            else:
                parts.append(self._from_outside(match[1], parameters.get(("path", match[1]))))
            position = match.end()
        parts.append(operation.path[position:])
        return Text(tuple(part for part in parts if part != ""))

    def _from_outside(self, name: str, parameter: Any) -> Code:
        """A part of a path that nothing before it has created."""
        example = None if parameter is None else self._examples.of_parameter(parameter)
        default = str(example) if isinstance(example, str | int | float) else "1"
        return self.variables.needs(variable_name(name), f"`{name}` in paths", default)

    def _given_in(
        self, place: str, parameters: Mapping[tuple[str, str], Any]
    ) -> Iterator[tuple[str, Value]]:
        for (where, name), parameter in parameters.items():
            if where != place or not parameter.required:
                continue
            if is_secret_name(name):
                yield name, self.variables.secret(name, f"the {place} parameter")
            else:
                example = self._examples.of_parameter(parameter)
                yield name, "text" if example is None else example

    def _headers(
        self, operation: _Operation, parameters: Mapping[tuple[str, str], Any]
    ) -> Iterator[tuple[str, Value]]:
        for name, value in self._given_in("header", parameters):
            yield name, value if isinstance(value, str | Code) else str(value)
        yield from self._credentials(operation.about)

    def _credentials(self, about: Any) -> Iterator[tuple[str, Value]]:
        wanted = about.security if about.security is not None else self._description.security
        schemes = getattr(self._description.components, "securitySchemes", None) or {}
        for name in next(iter(wanted or ()), {}):
            scheme = self._resolved(schemes.get(name))
            if scheme is None:
                continue
            kind = scheme.type
            if kind in ("oauth2", "openIdConnect") or (
                kind == "http" and (scheme.scheme or "").lower() == "bearer"
            ):
                token = self.variables.needs("AUTH_TOKEN", "the bearer token")
                yield "Authorization", Text(("Bearer ", token))
            elif kind == "http":
                meaning = "the Authorization header, such as `Basic …`"
                yield "Authorization", self.variables.needs("AUTHORIZATION", meaning)
            elif kind == "apiKey" and scheme.security_scheme_in == "header":
                yield scheme.name, self.variables.secret(scheme.name, "the header")
            else:
                self._left_out[f"credentials of the kind {kind!r} that no header carries"] += 1

    def _body(self, operation: _Operation) -> Body | None:
        request = self._resolved(operation.about.requestBody)
        for kind, media in (getattr(request, "content", None) or {}).items():
            mime_type = kind.partition(";")[0].strip().lower()
            if mime_type.endswith("json"):
                return Body("json", self._without_secrets(media))
            if mime_type == "application/x-www-form-urlencoded":
                fields = self._without_secrets(media)
                return Body("data", fields if isinstance(fields, Mapping) else {})
        if getattr(request, "required", False):
            self._left_out["bodies that are neither JSON nor a form"] += 1
        return None

    def _without_secrets(self, media: Any) -> Value:
        return self.variables.without_secrets(self._examples.of_media(media), "the field")

    def _success(self, about: Any) -> tuple[int, Any]:
        """The first status of success that is described, and what it answers."""
        responses = about.responses or {}
        for status in sorted(responses):
            if status.isdigit() and 200 <= int(status) < 400:
                return int(status), self._resolved(responses[status])
        return 200, self._resolved(responses.get("2XX") or responses.get("default"))

    def _kept(self, operation: _Operation, response: Any) -> Kept | None:
        """The id of what a POST to a collection has created, if the answer's schema has one."""
        if operation.method != "post" or _PLACEHOLDER.search(operation.path):
            return None
        members = self._member_names(operation.path)
        for kind, media in (getattr(response, "content", None) or {}).items():
            if "json" not in kind or media.media_type_schema is None:
                continue
            properties = self._examples.properties_of(media.media_type_schema)
            for name in (*members, "id"):
                if name in properties and members:
                    variable = identifier(f"{_resource(operation.path)} id")
                    return Kept(variable, (name,))
        return None

    def _member_names(self, collection: str) -> list[str]:
        """What paths below a collection call one of its members."""
        begin = f"{collection.rstrip('/')}/{{"
        paths = self._description.paths or {}
        found = (path[len(begin) :].partition("}")[0] for path in paths if path.startswith(begin))
        return list(dict.fromkeys(found))

    def notes(self) -> Iterator[str]:
        title = self._description.info.title
        yield f"Each iteration calls every operation of {title} once, resource by resource."
        yield "Values are the description's examples, or the plainest that its schemas accept."
        if self._left_out:
            yield left_out_note(self._left_out)


def _place(parameter: Any) -> str:
    place = parameter.param_in
    return str(getattr(place, "value", place))


def _base_url(description: Description) -> str:
    """The first server that is a whole URL, with its variables at their defaults."""
    for server in description.servers or ():
        url = server.url
        for name, variable in (server.variables or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.default))
        if url.startswith(("http://", "https://")):
            return url.rstrip("/")
        if url.startswith("/") and url != "/":
            return NO_SERVER + url.rstrip("/")
    return NO_SERVER
