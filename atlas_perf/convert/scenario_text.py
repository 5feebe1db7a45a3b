"""A conversion as the text of a scenario file that people read and go on with."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from textwrap import wrap

from atlas_perf.convert.conversion import Conversion, Group, Step, Value, Variable
from atlas_perf.convert.literals import LINE_LENGTH, formatted, literal, quoted

_BODY = " " * 4
_THRESHOLDS: Value = {
    "http_req_duration": ["p(95)<1000"],
    "http_req_failed": ["rate<0.01"],
    "checks": ["rate>0.99"],
}


def scenario_text(conversion: Conversion, file_name: str) -> str:
    """The scenario file, to be saved under `file_name`."""
    functions = _function_names(conversion.groups)
    parts = [
        _docstring(conversion, file_name),
        "from __future__ import annotations\n",
        "from atlas_perf import Options, VirtualUser, env\n",
        "\n".join(_constants(conversion)) + "\n",
        _options() + "\n",
    ]
    calls = "".join(f"{_BODY}await {name}(vu)\n" for name in functions)
    text = "\n".join(parts)
    text += f"\n\nasync def default(vu: VirtualUser) -> None:\n{calls}"
    for name, group in zip(functions, conversion.groups, strict=True):
        text += f"\n\n{_function(name, group)}"
    return text


def identifier(text: str) -> str:
    """A Python name made of a title: `GET /Runs (all)` becomes `get_runs_all`."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower())
    name = "_".join(words)[:40].strip("_") or "step"
    if name[0].isdigit() or keyword.iskeyword(name):
        name = f"step_{name}"
    return name


_TAKEN = frozenset({"default", "setup", "teardown", "options", "env", "vu", "response"})


def _function_names(groups: tuple[Group, ...]) -> list[str]:
    names: list[str] = []
    for group in groups:
        wanted = name = identifier(group.title)
        number = 1
        while name in names or name in _TAKEN:
            number += 1
            name = f"{wanted}_{number}"
        names.append(name)
    return names


def _docstring(conversion: Conversion, file_name: str) -> str:
    title = f"{_harmless(file_name.removesuffix('.py'))}: written by `atlas-perf convert"
    first = f"{title} {conversion.kind}` from {_harmless(conversion.source)}."
    lines = [*wrap(first, LINE_LENGTH - 3), ""]
    for note in conversion.notes:
        lines += wrap(f"- {_harmless(note)}", LINE_LENGTH - 1, subsequent_indent="  ")
    if conversion.notes:
        lines.append("")
    given = "".join(f" -e {variable.name}=…" for variable in _asked_for(conversion))
    lines.append(f"    atlas-perf run {_harmless(file_name)}{given} -u 5 -d 1m")
    for variable in conversion.variables:
        lines += ["", *wrap(f"{variable.name}: {_harmless(variable.meaning)}.", LINE_LENGTH - 1)]
    return f'"""{chr(10).join(lines)}\n"""\n'


def _asked_for(conversion: Conversion) -> Iterator[Variable]:
    return (variable for variable in conversion.variables if variable.default is None)


def _harmless(text: str) -> str:
    """Text for a comment or docstring: one line, and nothing that could end either."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.replace("\\", "/").replace('"""', "'''").split())


def _constants(conversion: Conversion) -> Iterator[str]:
    yield f'BASE_URL = env.get("BASE_URL", {quoted(conversion.base_url)})'
    for variable in conversion.variables:
        if variable.default is None:
            yield f"{variable.name} = env[{quoted(variable.name)}]"
        else:
            default = quoted(variable.default)
            yield f"{variable.name} = env.get({quoted(variable.name)}, {default})"


def _options() -> str:
    options: Value = {"vus": 1, "duration": "1m", "thresholds": _THRESHOLDS}
    return f"options: Options = {literal(options, before=LINE_LENGTH)}"


def _function(name: str, group: Group) -> str:
    title = _harmless(group.title)
    lines = [
        f"async def {name}(vu: VirtualUser) -> None:",
        f"{_BODY}with vu.group({quoted(title.replace('::', ':'))}):",
    ]
    for step in group.steps:
        lines += _step(step, indent=8)
    return "\n".join(lines) + "\n"


def _step(step: Step, indent: int) -> Iterator[str]:
    space = " " * indent
    yield f"{space}response = await vu.http.{_call(step, indent)}"
    check = f"{_harmless(step.title)}: status is {step.expected_status}"
    # `ok` is what `expected_statuses` says, so a redirect that is followed counts by its end.
    yield f"{space}vu.check(response, {{{quoted(check)}: lambda r: r.ok}})"
    if step.keeps is not None:
        yield f"{space}if not response.ok:"
        yield f"{space}    return"
        keys = "".join(f"[{quoted(key)}]" for key in step.keeps.path)
        yield f"{space}{step.keeps.variable} = response.json(){keys}"
    if step.pause_s:
        yield f"{space}await vu.sleep({step.pause_s:g})"


_METHODS = frozenset({"get", "head", "options", "post", "put", "patch", "delete"})


def _call(step: Step, indent: int) -> str:
    method = step.method.lower()
    known = method in _METHODS
    arguments = [] if known else [quoted(step.method)]
    arguments.append(formatted(step.url))
    inner = indent + len(_BODY)
    arguments += [f"{key}={_laid_out(key, value, inner)}" for key, value in _parameters(step)]
    called = method if known else "request"
    flat = f"{called}({', '.join(arguments)})"
    if indent + len("response = await vu.http.") + len(flat) <= LINE_LENGTH and "\n" not in flat:
        return flat
    lines = "".join(f"{' ' * inner}{argument},\n" for argument in arguments)
    return f"{called}(\n{lines}{' ' * indent})"


def _laid_out(key: str, value: Value, indent: int) -> str:
    return literal(value, indent=indent, before=len(key) + 2)


def _parameters(step: Step) -> Iterator[tuple[str, Value]]:
    if step.name is not None:
        yield "name", step.name
    if step.params:
        yield "params", step.params
    if step.headers:
        yield "headers", step.headers
    if step.body is not None:
        yield step.body.parameter, step.body.value
    if not step.follows_redirects:
        yield "max_redirects", 0
    yield "expected_statuses", step.expected_status
