"""The known tasks that ship: evidence in every store, in none of them, and of no other space."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factories import make_record, which_model
from served import add_outcome, add_task, embedding

from task2vec.distance import plain_symmetric_distance
from task2vec.embedding.bundle_file import read_bundle, write_bundle
from task2vec.embedding.files import save_embedding
from task2vec.errors import InputError, StateError, UnknownNameError
from task2vec.messages.bundles import BundleImport
from task2vec.messages.recommendations import Recommended
from task2vec.service.bundles import shipped as module
from task2vec.service.bundles.importing import import_bundle, list_bundles, remove_bundle
from task2vec.service.bundles.shipped import shipped
from task2vec.service.packaged_models import packaged_models
from task2vec.service.recommend.evidence import gather
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.imports import add_embedding
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace
from task2vec.types import TaskEmbedding

FILE = Path(module.__file__).with_name(module.FILE)
TARGET = "shipped:greek_capitals"
MOST_BYTES = 6_000_000


@pytest.fixture
def fresh(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "fresh")


def target(**provenance: object) -> TaskEmbedding:
    """A task that is embedded as a shipped one is, and is another unless told."""
    known = shipped().tasks[TARGET].embedding
    about = known.provenance.model_copy(update={"content_hash": "f" * 64, **provenance})
    return TaskEmbedding(known.values, known.errors, known.replicates, about)


def asked(workspace: Workspace, subject: Subject, **question: object) -> Recommended:
    return recommend(workspace, which_model(**question), subject, measured={})


def known(workspace: Workspace, subject: Subject, **question: object) -> dict[str, float]:
    evidence = gather(workspace, which_model(**question), subject, packaged_models())
    return {task.name: task.symmetric for task in evidence.ranking.tasks.values()}


def test_what_ships_is_small_licensed_and_whole() -> None:
    bundle = shipped().bundle
    assert FILE.stat().st_size <= MOST_BYTES
    assert (bundle.tasks, len(shipped().tasks), bundle.shipped) == (34, 34, True)
    assert set(bundle.licences) == {task.name for task in shipped().tasks.values()}
    assert {o.model for o in shipped().outcomes} == {m.id for m in packaged_models()}
    assert {o.task for o in shipped().outcomes} == set(shipped().tasks)
    assert bundle.outcomes == len(shipped().outcomes)
    assert {task.embedding.space for task in shipped().tasks.values()} == {shipped().space}


def test_a_fresh_store_foretells_an_accuracy_and_says_what_from(fresh: Workspace) -> None:
    answer = asked(fresh, Subject("new", target(), None, None))
    assert answer.abstained
    assert answer.recommendations[0].plans[0].accuracy is not None
    assert "34 known tasks" in answer.evidence_summary
    assert "1 bundle (development)" in answer.evidence_summary
    # Nothing was written for it.
    assert not fresh.path.exists()


def test_without_bundles_nothing_is_known(fresh: Workspace) -> None:
    answer = asked(fresh, Subject("new", target(), None, None), bundles=False)
    assert answer.recommendations[0].plans[0].accuracy is None
    assert "0 known tasks" in answer.evidence_summary


def test_distances_are_those_of_the_embeddings(fresh: Workspace) -> None:
    found = known(fresh, Subject("new", target(), None, None))
    for id_, task in list(shipped().tasks.items())[:5]:
        exact = plain_symmetric_distance(target(), task.embedding)
        assert found[shipped().name_of(id_)] == pytest.approx(exact, abs=1e-9)


def test_the_target_itself_and_what_has_its_images_are_no_evidence(fresh: Workspace) -> None:
    own = shipped().tasks[TARGET]
    same = Subject("new", own.embedding, None, None)
    shares = Subject("new", target(), None, None, hashes=own.hashes)
    other = Subject("new", target(), None, None, hashes=own.hashes[:0])
    name = shipped().name_of(TARGET)
    assert name not in known(fresh, same)
    assert name not in known(fresh, shares)
    assert name in known(fresh, other)
    assert name in known(fresh, shares, max_shared=1.0)


def test_a_task_of_another_space_is_not_compared(fresh: Workspace) -> None:
    assert known(fresh, Subject("new", embedding(0), None, None)) == {}


def test_what_was_imported_does_not_count_twice(fresh: Workspace) -> None:
    import_bundle(fresh, BundleImport(name="mine"), FILE)
    found = known(fresh, Subject("new", target(), None, None))
    assert {name.split("/")[0] for name in found} == {"mine"}
    assert [bundle.name for bundle in list_bundles(fresh).bundles] == ["mine"]


def test_tasks_of_a_store_stand_beside_them(fresh: Workspace) -> None:
    near = target(content_hash="e" * 64)
    record = make_record("own", provenance=near.provenance)
    stored = fresh.store(create=True).tasks.add(record, near)
    for model, accuracy in (("efficientnet_lite0", 0.5), ("efficientnet_lite1", 0.6)):
        add_outcome(fresh, model, stored.id, accuracy)
    subject = Subject("new", target(), None, None)
    ranking = gather(fresh, which_model(), subject, packaged_models()).ranking
    assert len(ranking.tasks) == 35
    row = list(ranking.tasks).index(stored.id)
    for id_, task in list(shipped().tasks.items())[:5]:
        column = list(ranking.tasks).index(id_)
        exact = plain_symmetric_distance(near, task.embedding)
        assert ranking.between[row, column] == pytest.approx(exact, abs=1e-9)
        assert ranking.between[column, row] == ranking.between[row, column]
    np.testing.assert_array_equal(np.diagonal(ranking.between), 0)
    # Accuracies are stated by one's own protocol.
    assert ranking.gains.base(stored.id) == 0.5


def test_it_is_listed_and_cannot_be_removed(fresh: Workspace, served: Workspace) -> None:
    assert [(b.name, b.shipped) for b in list_bundles(fresh).bundles] == [("development", True)]
    for workspace in (fresh, served):
        with pytest.raises(StateError, match="part of task2vec"):
            remove_bundle(workspace, "development")
    with pytest.raises(UnknownNameError):
        remove_bundle(served, "letters")
    import_bundle(served, BundleImport(), FILE)
    assert remove_bundle(served, "development").tasks == 34
    assert add_task(served, "mine", 1).bundle is None


def cut(embedding: TaskEmbedding) -> TaskEmbedding:
    few = slice(None, 7)
    return TaskEmbedding(
        embedding.values[few],
        embedding.errors[few],
        embedding.replicates[:, few],
        embedding.provenance,
    )


def test_an_embedding_that_was_cut_is_refused_by_a_store_without_tasks(
    fresh: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "cut.npz"
    save_embedding(cut(target()), path, name="cut")
    for any_space in (False, True):
        with pytest.raises(InputError) as raised:
            add_embedding(fresh, path, any_space=any_space)
        assert raised.value.expected == "8,960 elements, as its probe gives"
    save_embedding(target(), path, name="whole")
    assert add_embedding(fresh, path).name == "whole"


def test_so_is_a_bundle_with_such_a_task(fresh: Workspace, tmp_path: Path) -> None:
    content = read_bundle(FILE)
    first, *others = content.tasks
    path = tmp_path / "cut.bundle"
    write_bundle(
        replace(
            content, tasks=(replace(first, embedding=cut(first.embedding), details=None), *others)
        ),
        path,
    )
    with pytest.raises(InputError, match=f"Task '{first.name}' of this bundle cannot be") as raised:
        import_bundle(fresh, BundleImport(), path)
    assert raised.value.expected == "8,960 elements, as its probe gives"
    assert [bundle.name for bundle in list_bundles(fresh).bundles if not bundle.shipped] == []
