"""Bundles as evidence: they count unless they are left out, and the answer says how much."""

from pathlib import Path

import pytest
from factories import which_model
from served import add_outcome, add_task, embedding

from task2vec.messages.bundles import BundleExport, BundleImport
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.recommendations import Recommended
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.bundles.exporting import export_bundle
from task2vec.service.bundles.importing import import_bundle
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import Subject
from task2vec.service.workspace import Workspace

PLAIN, OTHER = "efficientnet_lite0", "efficientnet_lite1"


@pytest.fixture
def file(served: Workspace, tmp_path: Path) -> Path:
    """A bundle of six near tasks, on each of which another model gains 10 points."""
    for number in range(1, 7):
        task = add_task(served, f"task{number}", number)
        add_outcome(served, PLAIN, task.id, 0.7)
        add_outcome(served, OTHER, task.id, 0.8)
    path = tmp_path / "near.bundle"
    export_bundle(served, BundleExport(name="near"), path)
    return path


@pytest.fixture
def fresh(tmp_path: Path, file: Path) -> Workspace:
    workspace = Workspace(tmp_path / "fresh")
    import_bundle(workspace, BundleImport(), file)
    return workspace


def asked(workspace: Workspace, **question: object) -> Recommended:
    subject = Subject("new", embedding(0), None, None)
    return recommend(workspace, which_model(published=False, **question), subject, measured={})


def gain_of(answer: Recommended) -> float:
    return next(each.score for each in answer.recommendations if each.model == OTHER)


def test_a_bundle_counts_as_the_same_tasks_of_ones_own_do(
    served: Workspace, fresh: Workspace
) -> None:
    assert gain_of(asked(fresh)) == pytest.approx(gain_of(asked(served)))
    assert gain_of(asked(fresh)) > 0.02


def test_the_answer_says_how_much_comes_from_bundles(served: Workspace, fresh: Workspace) -> None:
    answer = asked(fresh)
    moved = 100 * gain_of(answer)
    assert (
        "6 known tasks and 6 gains come from 1 bundle (near), which move expected gains by up to "
        f"{moved:.1f} points: that of {OTHER} by {moved:+.1f}. To leave them out, answer "
        "without bundles: `--no-bundles`, or `bundles=False` in Python."
    ) in answer.evidence_summary
    assert "bundle" not in asked(served).evidence_summary


def test_without_bundles_nothing_of_them_counts(fresh: Workspace, tmp_path: Path) -> None:
    with Workspace(tmp_path / "empty") as empty:
        nothing = asked(empty)
    answer = asked(fresh, bundles=False)
    assert answer.recommendations == nothing.recommendations
    assert answer.evidence_summary == nothing.evidence_summary
    assert gain_of(answer) == 0


def test_nobody_is_warned_of_what_a_bundle_leaves_out(fresh: Workspace) -> None:
    assert asked(fresh).warnings == ()


def test_ones_own_protocol_is_the_one_that_accuracies_are_told_by() -> None:
    def outcome(task: str, protocol: str, accuracy: float) -> StoredOutcome:
        return StoredOutcome(model="d", task=task, accuracy=accuracy, protocol=protocol)

    outcomes = [
        outcome("own", "ours", 0.9),
        *(outcome(f"t{number}", "theirs", 0.5) for number in range(5)),
    ]
    theirs = {f"t{number}" for number in range(5)}
    assert GainTable(outcomes, "d", theirs=theirs).base("own") == 0.9
    assert GainTable(outcomes[1:], "d", theirs=theirs).protocol == "theirs"
    assert GainTable(outcomes, "d").protocol == "theirs"


def test_of_two_protocols_of_a_bundle_that_with_as_many_images_a_class_counts() -> None:
    few, many = "linear probe, 5 images a class", "linear probe, two thirds of the images"
    outcomes = [
        StoredOutcome(model="d", task=f"t{number}", accuracy=accuracy, protocol=protocol)
        for number in range(5)
        for protocol, accuracy in ((few, 0.5), (many, 0.8))
    ]
    assert GainTable(outcomes, "d", shots=8).protocol == few
    assert GainTable(outcomes, "d", shots=30).protocol == many
    assert GainTable(outcomes, "d").protocol == many
