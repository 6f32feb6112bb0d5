"""The HTTP reference is that of the service, and its examples are messages that it takes."""

import json
import pkgutil
import re
from importlib import import_module

import pytest
from pydantic import BaseModel

from docs.build import DOCS
from docs.http_reference import openapi
from docs.openapi_page import operations
from task2vec import messages

PAGE = (DOCS / "http-api.md").read_text(encoding="utf-8")
DOCUMENT = openapi()
HEADINGS = [heading for heading, _ in operations(DOCUMENT)]


def section(heading: str) -> str:
    found = re.search(rf"^### {re.escape(heading)}\n(.*?)(?=^###? |\Z)", PAGE, flags=re.M | re.S)
    assert found, heading
    return found[1]


def test_the_resources_are_there() -> None:
    wanted = {"tasks", "search", "distances", "recommendations", "models", "outcomes", "probes"}
    wanted |= {"datasets", "jobs", "batches", "map", "finetunings", "leases"}
    assert {path.split("/")[2] for path in DOCUMENT["paths"] if path.startswith("/v1/")} >= wanted


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_operation_says_what_it_does_and_what_may_come(heading) -> None:
    text = section(heading)
    assert re.match(r"\n[A-Z][^\n]+[.?]\n", text)
    assert re.search(r"^\| [23]\d\d \| [^|]{3,} \|", text, flags=re.M)


def test_examples_of_messages_are_messages() -> None:
    checked = set()
    for module in pkgutil.iter_modules(messages.__path__, "task2vec.messages."):
        for name, model in vars(import_module(module.name)).items():
            example = re.search(
                rf"^### {name}\n(?:(?!^###? ).)*?^```json\n(.*?)^```", PAGE, flags=re.M | re.S
            )
            if example and issubclass(model, BaseModel):
                # FastAPI drops what is null from the examples of its document.
                required = [key for key, f in model.model_fields.items() if f.is_required()]
                model.model_validate(dict.fromkeys(required) | json.loads(example[1]))
                checked.add(name)
    assert {"Task", "Job", "NewEmbedding", "Problem", "SearchQuestion"} <= checked
