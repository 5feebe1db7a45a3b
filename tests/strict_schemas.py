"""The schemas of docs/schemas, read so that a field that none of them has is a mistake.

For readers the schemas are open: a minor version may add fields. Whoever writes a document of ours
must not add one that no schema describes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def validate(name: str, document: object) -> None:
    """Fails with place and reason if a document breaks a schema, or has more than it says."""
    Draft202012Validator(_closed(schema(name))).validate(document)


def _closed(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_closed(one) for one in plain]
    if not isinstance(plain, dict):
        return plain
    closed = {key: _closed(one) for key, one in plain.items()}
    if isinstance(plain.get("properties"), dict) and plain.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
