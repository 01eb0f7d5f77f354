"""The OpenAPI document, as a page shows it: no script reads it, and nothing comes from elsewhere."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_WRITES_NO_BODY: Final = frozenset({"GET", "DELETE"})


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    is_required: bool
    description: str


@dataclass(frozen=True)
class Operation:
    """One operation. `curl` is how it is asked for, `answer` an example of what comes, empty where that is no JSON."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    answers: tuple[tuple[str, str], ...]
    curl: str
    answer: str


@dataclass(frozen=True)
class Chapter:
    name: str
    operations: tuple[Operation, ...]


def chapters(document: Mapping[str, Any]) -> list[Chapter]:
    """The operations by their nouns."""
    found: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            found[details["tags"][0]].append(_operation(path, method.upper(), details))
    return [Chapter(name, tuple(operations)) for name, operations in found.items()]


def _operation(path: str, method: str, details: Mapping[str, Any]) -> Operation:
    return Operation(
        anchor=details["operationId"],
        method=method,
        path=path,
        summary=details["summary"],
        description=details.get("description", "").partition("\n")[2].strip(),
        scopes=tuple(details.get("x-scopes", ())),
        parameters=tuple(_parameter(entry) for entry in details.get("parameters", ())),
        answers=tuple((str(status), answer["description"]) for status, answer in details["responses"].items()),
        curl=_curl(path, method, details),
        answer=_answer(details),
    )


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    return Parameter(entry["name"], entry["in"], bool(entry.get("required")), entry.get("description", ""))


def _curl(path: str, method: str, details: Mapping[str, Any]) -> str:
    words = ["curl", "-H 'Authorization: Bearer …'"]
    if method != "GET":
        words.append(f"-X {method}")
    body = details.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and method not in _WRITES_NO_BODY:
        words.append(f"-H 'Content-Type: application/json' -d '{json.dumps(body['example'])}'")
    return " ".join([*words, path])


def _answer(details: Mapping[str, Any]) -> str:
    for status, answer in details["responses"].items():
        content = answer.get("content", {}).get("application/json")
        if str(status).startswith("2") and content is not None:
            return json.dumps(content["example"], indent=2)
    return ""
