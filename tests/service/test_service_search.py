"""Neighbours where the store holds tasks of several spaces."""

from dataclasses import replace

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, make_embedding, make_record

from task2vec.errors import SpaceMismatchError
from task2vec.service.search import neighbours
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
