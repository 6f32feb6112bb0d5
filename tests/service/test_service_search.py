"""Neighbours where the store holds tasks of several spaces, and what distances warn of."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, make_embedding, make_record

from task2vec.errors import SpaceMismatchError
from task2vec.service.search import distances, neighbours
from task2vec.service.subjects import Subject
from task2vec.service.workspace import Workspace

VALUES = np.array([1e-4, 3e-4, 2e-5])


def stored(workspace: Workspace, name: str, probe: str = SPACE.probe) -> Subject:
    provenance = replace(PROVENANCE, space=replace(SPACE, probe=probe))
    embedding = make_embedding(VALUES * (1 + len(name)), provenance=provenance)
    record = make_record(name, provenance=provenance)
    return Subject(name, embedding, workspace.store().tasks.add(record, embedding), None)


def test_the_only_task_of_its_space_is_told_so(served: Workspace) -> None:
    alone = stored(served, "alone")
    assert neighbours(served, alone) == []
    stored(served, "other", probe="tiny:4567")
    stored(served, "another", probe="tiny:4567")
    with pytest.raises(SpaceMismatchError, match="None of the 2 other stored tasks") as raised:
        neighbours(served, alone)
    assert "tiny:4567" in str(raised.value)
    near = stored(served, "near it")
    assert [found.name for found in neighbours(served, alone)] == ["near it"]
    assert [found.name for found in neighbours(served, near)] == ["alone"]


@pytest.mark.parametrize(
    ("changes", "groups", "warned"),
    [
        ({"seed": 1}, 8, True),
        ({}, 8, False),
        ({"seed": 1, "content_hash": "1" * 64}, 8, False),
        # Of so few images no noise is taken out.
        ({"seed": 1}, 7, False),
    ],
    ids=["other seed", "the same", "other images", "few images"],
)
def test_noise_that_two_embeddings_share_is_told(
    served: Workspace, changes: dict[str, Any], groups: int, warned: bool
) -> None:
    replicates = draw_replicates(np.random.default_rng(0), len(VALUES), groups)
    one = make_embedding(VALUES, replicates=replicates)
    other = make_embedding(
        1.1 * VALUES, replicates=replicates, provenance=replace(PROVENANCE, **changes)
    )
    sides = [Subject("a", one, None, None), Subject("b", other, None, None)]
    for source, target in (sides, sides[::-1]):
        found = distances(served, source, target)
        assert found.to_json()["warnings"] == list(found.warnings)
        assert len(found.warnings) == warned
    if warned:
        assert "the very same images, with seeds 1 and 0: too much noise" in found.warnings[0]
