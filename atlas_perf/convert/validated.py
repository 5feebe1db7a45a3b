"""A file's data held against the model of its format, with one sentence where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from atlas_perf.errors import UsageError

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], data: Any, file: Path, format_name: str) -> Model:
    """The data as the model.

    Raises:
        UsageError: it is something else; the sentence says where and why.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(key) for key in first["loc"]) or "the document"
        reason = first["msg"][:1].lower() + first["msg"][1:]
        raise UsageError(f"{file} is no {format_name}: {place}: {reason}") from None


def read_text(file: Path) -> str:
    """The text of a file.

    Raises:
        UsageError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is no text in UTF-8") from None
