"""What a target asks of the features counts alike, stored or given with a question."""

import numpy as np
import pytest
from factories import replace, which_model
from served import ELEMENTS, add_task, embedding, expert_of

from task2vec.embedding.class_scatter import class_scatter
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import Subject
from task2vec.types.details import EmbeddingDetails, LayerElements

RNG = np.random.default_rng(0)
LETTERS, STYLES = RNG.normal(size=(2, 3, 16))


def details(asked, ignored):
    """Return the details of a task of images that differ in two properties, and asks for one."""
    labels, others = (each.ravel() for each in np.mgrid[:3, :3].repeat(4, axis=2))
    features = asked[labels] + ignored[others] + RNG.normal(size=(36, 16)) * 0.1
    return EmbeddingDetails(
        layers=(LayerElements("all", ELEMENTS),),
        classes=None,
        scatter=class_scatter(features, labels, classes=3),
    )


@pytest.fixture
def known(served):
    """Store two tasks and an expert of each: one asks for letters, the other for their styles."""
    asked = {"letters": details(LETTERS, STYLES), "styles": details(STYLES, LETTERS)}
    for number, (name, about) in enumerate(asked.items(), start=1):
        expert_of(served, add_task(served, name, number, details=about))
    return served


def agreements(workspace, subject):
    """Return how what the source of each expert asks agrees with the subject, as it is told."""
    answer = recommend(workspace, which_model(published=False), subject, measured={})
    return {
        each.model: evidence.agreement
        for each in answer.recommendations
        for evidence in each.evidence
        if evidence.task is not None
    }


def test_the_scatter_of_a_stored_target_is_that_in_the_store(known):
    given = Subject("new", embedding(0), None, None)
    assert agreements(known, given) == {"letters-expert": None, "styles-expert": None}
    mine = details(LETTERS, STYLES)
    expected = agreements(known, replace(given, details=mine))
    assert expected["letters-expert"] > 0.5
    assert expected["styles-expert"] < -0.5
    stored = add_task(known, "new", 0, details=mine)
    assert agreements(known, replace(given, record=stored)) == expected


def test_a_stored_target_without_a_scatter_has_none(known):
    stored = add_task(known, "new", 0)
    subject = Subject("new", embedding(0), stored, None)
    assert agreements(known, subject) == {"letters-expert": None, "styles-expert": None}
