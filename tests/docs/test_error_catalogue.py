"""The catalogue of errors knows every error that there is, and says what to do about it."""

import json
import re

import pytest
from documents import ROOT

from docs.error_catalogue import advice, entries, error_catalogue, kinds
from task2vec import errors
from task2vec_api.errors import respond

CATALOGUE = {entry.code: entry for entry in entries()}


def test_every_class_of_the_tree_is_in_the_catalogue() -> None:
    declared = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.Task2VecError)
    }
    assert len(declared) > 25
    assert declared - set(CATALOGUE) == {errors.Task2VecError.code}


def test_advice_is_given_for_every_code_and_for_no_other() -> None:
    of_classes = {code for code, told in advice().items() if "status" not in told}
    assert {kind.code for kind in kinds()} == of_classes


def test_every_code_that_the_service_names_is_in_the_catalogue() -> None:
    named = set()
    for path in (ROOT / "api").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r"\bcode ?= ?\"(\w+)\"", text, flags=re.M))
    assert named <= set(CATALOGUE)
    assert {"bad_input", "rate_limited"} <= named


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.code)
def test_statuses_are_those_that_the_service_answers_with(kind) -> None:
    answer = respond(kind("Something is wrong"))
    told = json.loads(answer.body)["code"]
    entry = CATALOGUE[kind.code]
    assert (entry.status, told) in {(answer.status_code, kind.code), (None, "internal")}


def test_what_only_clients_raise_has_no_status() -> None:
    without = {code for code, entry in CATALOGUE.items() if entry.status is None}
    assert {"unreachable", "job_failed", "job_cancelled"} <= without
    assert without.isdisjoint({"internal", "bad_input", "store_full", "overloaded", "not_allowed"})


def test_every_code_has_a_section_of_its_own() -> None:
    page = error_catalogue()
    assert re.findall(r"^## (\w+)$", page, flags=re.M) == list(CATALOGUE)
    assert "## store_full\n\nThe disk is full. Status 507.\n" in page
