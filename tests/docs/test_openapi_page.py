"""The renderer of OpenAPI documents, on the document of a small real application."""

from enum import StrEnum
from typing import Annotated

import pytest
from documents import anchors
from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

from docs.openapi_page import openapi_page, operations
from docs.openapi_schemas import Schemas


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Wheel(BaseModel):
    """A round thing."""

    spokes: int = Field(28, ge=1, le=100, description="How many it has.")
    colour: Colour = Colour.RED
    note: str | None = Field(None, max_length=9)


class Bicycle(BaseModel):
    """Two | wheels."""

    model_config = {"json_schema_extra": {"examples": [{"name": "Müller", "wheels": []}]}}

    name: str
    wheels: tuple[Wheel, ...] = ()
    span: tuple[float, float] | None = None
    counts: dict[str, int] = {}


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    app = FastAPI()

    @app.get("/v1/bicycles", tags=["bicycles"], summary="List them")
    def find(
        size: Annotated[int, Query(ge=1, le=50, description="How many.")] = 10,
    ) -> list[Bicycle]: ...

    @app.post("/v1/bicycles/{name}:ride", tags=["bicycles"], status_code=202, summary="Ride")
    def ride(name: str, body: Bicycle) -> Wheel: ...

    return app.openapi()


def test_every_operation_has_a_section_that_the_table_leads_to(document) -> None:
    page = openapi_page(document)
    headings = [heading for heading, _ in operations(document)]
    assert headings == ["GET /v1/bicycles", "POST /v1/bicycles/{name}:ride"]
    assert "| [GET /v1/bicycles](#get-v1bicycles) | List them |" in page
    assert "| [POST /v1/bicycles/{name}:ride](#post-v1bicyclesnameride) | Ride |" in page
    assert {"get-v1bicycles", "post-v1bicyclesnameride", "bicycle", "wheel"} <= anchors(page)


def test_parameters_bodies_and_answers_are_tables(document) -> None:
    page = openapi_page(document)
    assert "| `size` | query | integer | `10` | How many. At least 1, at most 50. |" in page
    assert "| `name` | path | string | required |  |" in page
    assert "Body, `application/json`: [Bicycle](#bicycle)" in page
    assert (
        "| 200 | Successful Response | list of [Bicycle](#bicycle) as `application/json` |" in page
    )
    assert '"name": "Müller"' in page


def test_fields_say_their_type_default_and_bounds(document) -> None:
    page = openapi_page(document)
    assert "| `spokes` | integer | `28` | How many it has. At least 1, at most 100. |" in page
    assert '| `colour` | `red`, `blue` | `"red"` |  |' in page
    assert "| `note` | string or null |  | At most 9 characters. |" in page
    assert "| `name` | string | required |  |" in page
    assert "| `wheels` | list of [Wheel](#wheel) |  |  |" in page
    assert "| `span` | [number, number] or null |  |  |" in page
    assert "| `counts` | object of integer |  |  |" in page
    assert "A round thing." in page


def test_what_all_operations_share_is_told_once(document) -> None:
    page = openapi_page(document)
    assert "Every operation below `/v1` takes the header" not in page
    assert "may answer 422 with a [Problem](#problem)" in page
    assert "\n| 422 |" not in page


def test_an_answer_has_an_example_unless_its_schema_shows_the_same() -> None:
    class Answer(BaseModel):
        model_config = {"json_schema_extra": {"examples": [{"a": 1}]}}
        a: int

    app = FastAPI()
    for name, example in (("same", {"a": 1}), ("other", {"a": 2})):
        shown = {200: {"content": {"application/json": {"example": example}}}}
        app.get(f"/{name}", response_model=Answer, responses=shown)(lambda: None)
    page = openapi_page(app.openapi())
    assert page.count('{\n  "a": 1\n}') == 1
    assert page.count('Answer 200:\n\n```json\n{\n  "a": 2\n}') == 1


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "format": "binary"}, "file"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
        ({"const": "a"}, '`"a"`'),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "string or null"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"type": "object"}, "object"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema, words) -> None:
    assert Schemas({}).type_of(schema) == words
