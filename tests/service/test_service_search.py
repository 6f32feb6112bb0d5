"""Neighbours where the store holds tasks of several spaces, and what distances warn of."""

from typing import Any

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, make_embedding, make_record, replace

from task2vec.errors import SpaceMismatchError
from task2vec.messages.neighbours import Distances, Neighbours, SearchQuestion
from task2vec.service.tasks.search import distances, search
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace

VALUES = np.array([1e-4, 3e-4, 2e-5])


def stored(workspace: Workspace, name: str, probe: str = SPACE.probe) -> Subject:
    provenance = replace(PROVENANCE, space=replace(SPACE, probe=probe))
    embedding = make_embedding(VALUES * (1 + len(name)), provenance=provenance)
    record = make_record(name, provenance=provenance)
    return Subject(name, embedding, workspace.store().tasks.add(record, embedding), None)


def near(workspace: Workspace, subject: Subject) -> Neighbours:
    return search(workspace, SearchQuestion(task="?"), subject)


def test_the_only_task_of_its_space_is_told_so(served: Workspace) -> None:
    alone = stored(served, "alone")
    assert near(served, alone).neighbours == ()
    stored(served, "other", probe="tiny:4567")
    stored(served, "another", probe="tiny:4567")
    with pytest.raises(SpaceMismatchError, match="None of the 2 other stored tasks") as raised:
        near(served, alone)
    assert "tiny:4567" in str(raised.value)
    other = stored(served, "near it")
    assert [found.name for found in near(served, alone).neighbours] == ["near it"]
    assert [found.name for found in near(served, other).neighbours] == ["alone"]


@pytest.mark.parametrize("changes", [{"seed": 1}, {}], ids=["other seed", "same seed"])
@pytest.mark.parametrize("groups", [8, 7])
def test_the_same_images_are_one_task(
    served: Workspace, changes: dict[str, Any], groups: int
) -> None:
    found = between(served, changes, groups)
    assert found.same_images
    assert (found.symmetric, found.standard_error, found.interval) == (0.0, 0.0, (0.0, 0.0))
    assert found.asymmetric.source_to_target == found.asymmetric.target_to_source
    assert found.information.source_to_target == found.information.target_to_source == 0
    assert found.warnings == ()


def test_other_images_and_other_spaces_are_no_such_case(served: Workspace) -> None:
    found = between(served, {"content_hash": "1" * 64}, 8)
    assert not found.same_images
    assert found.symmetric != 0
    with pytest.raises(SpaceMismatchError):
        between(served, {"space": replace(SPACE, probe="tiny:4567")}, 8)


def between(workspace: Workspace, changes: dict[str, Any], groups: int) -> Distances:
    """Return the distances of two embeddings, the second with another provenance."""
    replicates = draw_replicates(np.random.default_rng(0), len(VALUES), groups)
    one = make_embedding(VALUES, replicates=replicates)
    other = make_embedding(
        1.1 * VALUES, replicates=replicates, provenance=replace(PROVENANCE, **changes)
    )
    sides = Subject("a", one, None, None), Subject("b", other, None, None)
    return distances(workspace, *sides)


def test_a_distance_stands_among_those_of_other_stored_tasks(served: Workspace) -> None:
    # Ever farther from the first: their values grow with their names.
    names = ["a", "aa", "aaaa", "aaaaaa", "aaaaaaaa"]
    subjects = [stored(served, name) for name in names]
    for place in range(1, 5):
        provenance = replace(PROVENANCE, content_hash=f"{place}" * 64)
        embedding = replace(subjects[place].embedding, provenance=provenance)
        found = distances(served, subjects[0], replace(subjects[place], embedding=embedding))
        assert (found.nearer, found.compared) == (place - 1, 3)


@pytest.mark.parametrize(("images", "warned"), [(12, False), (24, False), (25, True), (5, True)])
def test_numbers_of_images_that_differ_much_are_told(
    served: Workspace, images: int, warned: bool
) -> None:
    def holding(name: str, count: int) -> Subject:
        provenance = replace(PROVENANCE, images=count, content_hash=name)
        embedding = make_embedding(VALUES * (1 + len(name)), provenance=provenance)
        record = make_record(name, provenance=provenance)
        return Subject(name, embedding, served.store().tasks.add(record, embedding), None)

    small, other = holding("small", 12), holding("other", images)
    answer = near(served, small)
    assert [each.images for each in answer.neighbours] == [images]
    for warnings in (answer.warnings, distances(served, small, other).warnings):
        assert [w for w in warnings if "depend on that number" in w] == [
            f"small was embedded from 12 images, other from {images}: distances depend on that "
            "number. To compare them alike, embed those with more again: "
            f"`task2vec embed SOURCE --name NAME --images {min(12, images)} --update`"
        ] * warned


def test_a_distance_stands_among_tasks_of_its_space_behind_many_of_another(
    served: Workspace,
) -> None:
    for number in range(60):
        stored(served, f"a{number}", probe="tiny:4567")
    one, other, *_ = [stored(served, name) for name in ("x", "xxx", "xxxx", "xxxxx")]
    provenance = replace(PROVENANCE, content_hash="1" * 64)
    other = replace(other, embedding=replace(other.embedding, provenance=provenance))
    found = distances(served, one, other)
    assert (found.nearer, found.compared) == (0, 2)


def test_a_distance_stands_among_fifty_tasks_that_names_do_not_choose(served: Workspace) -> None:
    one, other = stored(served, "b"), stored(served, "bb")
    for number in range(60):
        stored(served, f"{'a' if number < 50 else 'c'}{number}")
    ids = served.store().tasks.some_of(SPACE, limit=50)
    assert ids == sorted(ids)
    provenance = replace(PROVENANCE, content_hash="1" * 64)
    other = replace(other, embedding=replace(other.embedding, provenance=provenance))
    assert distances(served, one, other).compared == 50
