"""An example of what a JSON schema describes. Pure."""

from collections.abc import Mapping
from typing import Any, Final

#: Schemas that hold themselves end here.
DEPTH: Final = 6
_BY_FORMAT: Final = {
    "uuid": "7f9c24e8-3b12-4fef-91d0-56a2d5a1f0c3",
    "date-time": "2026-05-28T20:26:40Z",
}


def example_of(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """The schema's own example, its default, or something of its type."""
    schema = _resolved(document, schema)
    for known in ("const", "example", "default"):
        if known in schema:
            return schema[known]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return example_of(document, schema[choice][0], depth + 1)
    return _of_type(document, schema, depth)


def _of_type(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {}) if depth < DEPTH else {}
            return {name: example_of(document, field, depth + 1) for name, field in fields.items()}
        case "array":
            return [example_of(document, schema["items"], depth + 1)] if "items" in schema and depth < DEPTH else []
        case "string":
            return _BY_FORMAT.get(schema.get("format", ""), "…")
        case "integer" | "number":
            return schema.get("minimum", 0)
    return False if schema.get("type") == "boolean" else None


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
