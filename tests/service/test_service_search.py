"""Neighbours where the store holds tasks of several spaces, and what distances warn of."""

from typing import Any

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, make_embedding, make_record, replace

from task2vec.errors import SpaceMismatchError, TooLargeError
from task2vec.messages.catalogue import MapColumnsQuestion, MapMethod
from task2vec.messages.neighbours import Distances, Neighbours, SearchQuestion
from task2vec.service.tasks.map_columns import map_columns
from task2vec.service.tasks.maps import draw
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


def of_images(workspace: Workspace, name: str, count: int, *, bundle: str | None = None) -> Subject:
    provenance = replace(PROVENANCE, images=count, content_hash=name)
    embedding = make_embedding(VALUES * (1 + len(name)), provenance=provenance)
    record = make_record(name, provenance=provenance, bundle=bundle)
    return Subject(name, embedding, workspace.store().tasks.add(record, embedding), None)


def unevenness(warnings: tuple[str, ...]) -> list[str]:
    return [warning for warning in warnings if "was embedded from" in warning]


@pytest.mark.parametrize(
    ("images", "larger"), [(12, None), (24, None), (25, "other one"), (5, "small")]
)
def test_numbers_of_images_that_differ_much_are_told(
    served: Workspace, images: int, larger: str | None
) -> None:
    small, other = of_images(served, "small", 12), of_images(served, "other one", images)
    answer = near(served, small)
    assert [each.images for each in answer.neighbours] == [images]
    again = {"other one": "'other one_12' --images 12", "small": "small_5 --images 5", None: ""}
    for warnings in (answer.warnings, distances(served, small, other).warnings):
        assert unevenness(warnings) == [
            f"small was embedded from 12 images, other one from {images}: numbers that differ so "
            "much move a distance by more than its standard error says. To compare small and other "
            f"one from as many images, embed {larger} once more: `task2vec embed FOLDER --name "
            f"{again[larger]}`, where FOLDER has its images"
        ] * (larger is not None)


def test_what_a_bundle_brought_cannot_be_embedded_from_fewer_images(served: Workspace) -> None:
    small, theirs = of_images(served, "small", 12), of_images(served, "b/big", 300, bundle="b")
    for warnings in (near(served, small).warnings, distances(served, theirs, small).warnings):
        (warning,) = unevenness(warnings)
        assert warning.endswith("move a distance by more than its standard error says")
    # A task of one's own that is as uneven can be.
    of_images(served, "large", 100)
    (warning,) = unevenness(near(served, small).warnings)
    assert "`task2vec embed FOLDER --name large_12 --images 12`" in warning


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


def brought(workspace: Workspace, name: str, of: str, *, values: int) -> Subject:
    """Add a task of the bundle b with the images and labels of the task ``of``."""
    provenance = replace(PROVENANCE, content_hash=of)
    embedding = make_embedding(VALUES * values, provenance=provenance)
    record = make_record(f"b/{name}", provenance=provenance, bundle="b")
    return Subject(record.name, embedding, workspace.store().tasks.add(record, embedding), None)


def own(workspace: Workspace, name: str, *, values: int) -> Subject:
    provenance = replace(PROVENANCE, content_hash=name)
    embedding = make_embedding(VALUES * values, provenance=provenance)
    record = make_record(name, provenance=provenance)
    return Subject(name, embedding, workspace.store().tasks.add(record, embedding), None)


def test_what_a_bundle_brought_again_is_no_second_neighbour(served: Workspace) -> None:
    subject = own(served, "subject", values=1)
    own(served, "near", values=2)
    own(served, "far", values=9)
    same = brought(served, "subject", "subject", values=1)
    brought(served, "near", "near", values=2)
    brought(served, "other", "other", values=4)
    found = search(served, SearchQuestion(task="?", k=3), subject)
    # Others take their places.
    assert [each.name for each in found.neighbours] == ["near", "b/other", "far"]
    assert found.left_out == {"b/subject": "subject", "b/near": "near"}
    # From the bundle's side, one's own task is a neighbour, since it is the one that stays.
    found = search(served, SearchQuestion(task="?", k=2), same)
    assert [each.name for each in found.neighbours] == ["subject", "near"]
    assert found.left_out == {"b/near": "near"}
    # Where a filter leaves one's own out, nothing is doubled.
    served.store().tasks.edit("b/near", tags=["theirs"])
    served.store().tasks.edit("near", tags=["mine"])
    found = search(served, SearchQuestion(task="?", tags=("theirs",)), subject)
    assert ([each.name for each in found.neighbours], found.left_out) == (["b/near"], {})


def test_a_map_shows_what_a_bundle_brought_again_once(served: Workspace) -> None:
    for values, name in enumerate(("a", "b", "c"), start=1):
        own(served, name, values=values)
    brought(served, "a", "a", values=1)
    brought(served, "other", "other", values=4)
    drawn = draw(served, None, method=MapMethod.MDS)
    columns = map_columns(served, MapColumnsQuestion())
    assert [point.name for point in drawn.points] == ["a", "b", "b/other", "c"]
    assert columns.names == ("a", "b", "b/other", "c")
    assert columns.bundles == (None, None, "b", None)
    told = "1 task left out, whose images and labels a bundle brought again: b/a"
    assert drawn.warnings == columns.warnings == (told,)


def test_all_tasks_are_those_of_the_largest_space_or_of_a_probe(served: Workspace) -> None:
    for name in ("a", "b", "c"):
        stored(served, name)
    stored(served, "d", probe="tiny:4567")
    columns = map_columns(served, MapColumnsQuestion())
    assert columns.names == ("a", "b", "c")
    (told,) = columns.warnings
    assert "another space: 1 task." in told
    assert map_columns(served, MapColumnsQuestion(probe="unknown")).names == ()
    assert map_columns(served, MapColumnsQuestion(probe=PROVENANCE.probe_name)) == columns


def test_more_tasks_than_one_map_takes_are_refused_with_the_way_out(served: Workspace) -> None:
    for name in ("a", "b", "c"):
        stored(served, name)
    assert len(draw(served, None, method=MapMethod.MDS, most=3).points) == 3
    with pytest.raises(TooLargeError, match="at most 2") as raised:
        draw(served, None, method=MapMethod.MDS, most=2)
    assert "/v1/map/columns" in str(raised.value)
