"""The API, put together."""

from typing import Any, Final

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from dashboard.api import problems
from dashboard.api.example import example_of
from dashboard.api.problems import Problem
from dashboard.api.routes import ROOMS

_DESCRIPTION: Final = """\
Everything that the console does, for scripts. Prove who you are with `Authorization: Bearer …`
(`manage.py create_token`), or by a signed-in session. Objects of a host's engine take `host`, which is `local` unless
you say otherwise. Refusals are `application/problem+json` (RFC 9457).
"""
_REF: Final = "#/components/schemas/{model}"


class Api(NinjaAPI):
    """NinjaAPI, whose schema has the problem too, which no operation returns by itself."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        problem = Problem.model_json_schema(ref_template=_REF, mode="serialization")
        schema["components"]["schemas"] |= problem.pop("$defs", {})
        schema["components"]["schemas"][Problem.__name__] = problem
        for operations in schema["paths"].values():
            for operation in operations.values():
                _give_examples(schema, operation)
        return schema


def _give_examples(schema: OpenAPISchema, operation: dict[str, Any]) -> None:
    """Each JSON that is sent or answered gets an example, where it has none."""
    for place in (operation.get("requestBody", {}), *operation["responses"].values()):
        content = place.get("content", {}).get("application/json")
        if content is not None:
            content.setdefault("example", example_of(schema, content["schema"]))


api = Api(title="Portside", version="1", description=_DESCRIPTION, docs_url=None, urls_namespace="api")
problems.install(api)
for room in ROOMS:
    api.add_router("", room.router)
