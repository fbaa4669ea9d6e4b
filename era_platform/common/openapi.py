"""What the OpenAPI schema says of every operation alike: how problems are told, and that unknown fields are refused."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension

PROBLEM = "application/problem+json"
TOLD = {
    "400": "The request is not well formed, or fields are not valid; `errors` names each of them.",
    "401": "The token is missing, unknown, revoked or expired.",
    "402": "The wallet does not hold enough.",
    "403": "The role of the token's user does not allow this.",
    "404": "There is nothing at this address, or it belongs to somebody else.",
    "406": "The answer cannot be given in the form asked for with `Accept`.",
    "409": "Not possible in the present state.",
    "413": "The body is too large.",
    "415": "The content type of the body is not understood.",
    "416": "The range lies beyond the end.",
    "422": "The Idempotency-Key was used for another request.",
    "507": "The platform's storage is full.",
}
FIELD_ERROR = {
    "type": "object",
    "required": ["field", "detail", "code"],
    "properties": {"field": {"type": "string"}, "detail": {"type": "string"}, "code": {"type": "string"}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457. Some problems carry further members, such as `price` and `available`.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, with which value, and what to do."},
        "code": {"type": "string", "description": "Stable; for programs."},
        "field": {"type": "string", "description": "The first field that is not valid."},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": FIELD_ERROR},
    },
    "example": {
        "type": "urn:era-platform:problem:invalid",
        "title": "A field is not valid",
        "status": 400,
        "detail": "Ensure this value is greater than or equal to 1.",
        "code": "invalid",
        "field": "units",
        "request_id": "8f14e45fceea467aa1a1c8a2e6b0f9d3",
        "errors": [
            {"field": "units", "detail": "Ensure this value is greater than or equal to 1.", "code": "min_value"}
        ],
    },
}


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: the problems that any operation of its kind can answer with."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for path, methods in result["paths"].items():
        for operation in methods.values():
            for status in _possible(path, operation):
                operation["responses"][status] = _response(status)
    return result


def _possible(path: str, operation: dict[str, Any]) -> list[str]:
    given = [status for status in operation["responses"] if status in TOLD]
    found = {"400", "401", "406", *given}
    if "{" in path:
        found.add("404")
    if "requestBody" in operation:
        found |= {"413", "415"}
    return sorted(found)


def _response(status: str) -> dict[str, Any]:
    return {"description": TOLD[status], "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


class StrictExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "era_platform.common.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return schema | {"additionalProperties": False}
