"""Tasks that share images with a target are found, reported, and no evidence for it."""

import re
from hashlib import sha256

import numpy as np
import pytest
from factories import which_model
from PIL import Image
from served import add_outcome, add_task, embedding, expert_of, hashes
from sklearn.datasets import load_digits

from task2vec.data.pixels.image_hash import image_hash
from task2vec.jobs.backtest import backtest
from task2vec.messages.backtests import BacktestQuestion
from task2vec.messages.neighbours import SearchQuestion
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.search import distances, search
from task2vec.service.tasks.shared_images import find_shared
from task2vec.service.tasks.subjects import Subject, stored_subject

DEFAULT = "efficientnet_lite0"
PLAIN = "efficientnet_lite2"


@pytest.fixture
def known(served):
    """Add a task with an expert, and an outcome of a plain model that gains much."""

    def add(name, number, *, expert=True, **changed):
        task = add_task(served, name, number, **changed)
        if expert:
            ours = expert_of(served, task)
            for model, accuracy in ((DEFAULT, 0.5), (PLAIN, 0.9), (ours, 0.95)):
                add_outcome(served, model, task.id, accuracy)
        return task

    return add


def target(number=1, **given) -> Subject:
    return Subject("target", embedding(number), None, None, **given)


def answer(served, subject):
    return recommend(served, which_model(published=False), subject, measured={})


def seen_in(found) -> str:
    return repr((found.recommendations, found.baselines, found.evidence_summary, found.reason))


def test_a_task_that_shares_images_is_no_evidence(served, known):
    own = hashes(300, seed=1)
    known("leaky", 2, hashes=hashes(230, seed=2, of=own, first=24, near=True))
    known("clean", 3, hashes=hashes(200, seed=3))
    found = answer(served, target(hashes=own))
    (told,) = found.model_dump()["shared_images"]
    assert told == {
        "task": "leaky",
        "images": 24,
        "of": 300,
        "share": 0.08,
        "exact": 0,
        "same_source": False,
        "excluded": True,
    }
    assert found.warnings == (
        "as many as 24 of your 300 images look like copies of images of leaky (8 %), so its "
        "experts and its outcomes are not used. If they are other images, `--max-shared 0.08` "
        "keeps the task as evidence",
    )
    assert "leaky" not in seen_in(found)
    assert "clean-expert" in {each.model for each in found.recommendations}
    assert "gained +40.0 points on clean" in seen_in(found)
    # Without the leak it would have counted.
    unaware = answer(served, target(hashes=hashes(300, seed=9)))
    assert {"leaky-expert", "clean-expert"} <= {each.model for each in unaware.recommendations}
    assert "on leaky" in seen_in(unaware)
    assert (unaware.shared_images, unaware.warnings) == ((), ())


def digits(rows):
    """Return the hashes of some of scikit-learn's digits, of 8 x 8 pixels."""
    images = (255 - 255 / 16 * load_digits().images[rows]).astype(np.uint8)
    return np.concatenate(
        [
            image_hash(Image.fromarray(each).convert("RGB"), digest=sha256(each).hexdigest())
            for each in images
        ]
    )


def test_images_that_look_alike_are_not_said_to_be_the_same(served, known):
    rows = np.random.default_rng(0).permutation(1797)
    known("digits", 2, hashes=digits(rows[:300]))
    own = target(hashes=digits(rows[300:600]))
    (finding,) = find_shared(served, own).findings
    assert finding.exact == 0
    (warning,) = find_shared(served, own).warnings
    looks = f"as many as {finding.images} of your 300 images look like copies of images of digits"
    assert warning.startswith(looks)
    # The option that is named keeps the task, and one hundredth less does not.
    kept = float(re.search(r"--max-shared (\S+)`", warning)[1])
    assert find_shared(served, own, most=kept).excluded == frozenset()
    assert find_shared(served, own, most=kept - 0.01).excluded


def test_what_an_excluded_task_said_of_others_is_gone(served, known):
    own = hashes(300, seed=1)
    known("leaky", 2, hashes=hashes(230, seed=2, of=own, first=30))
    alone = answer(served, target(hashes=own))
    empty = alone.model_copy(update={"shared_images": (), "warnings": (), "code": ""})
    served.store().tasks.remove("leaky", cascade=True)
    assert answer(served, target(hashes=own)).model_copy(update={"code": ""}) == empty


def test_a_copy_is_no_evidence_even_without_hashes(served, known):
    content = {"content_hash": embedding(1).provenance.content_hash}
    known("copy", 2, made=content)
    found = answer(served, target())
    (told,) = found.shared_images
    count = embedding(1).provenance.images
    assert (told.task, told.images, told.exact, told.share) == ("copy", count, count, 1.0)
    assert told.same_source
    assert told.excluded
    assert "copy-expert" not in {each.model for each in found.recommendations}


def test_the_same_files_under_another_seed_are_no_evidence(served, known):
    own = hashes(50, seed=1)
    known("again", 2, hashes=hashes(50, seed=2), source_signature="sha256:abc:0123")
    known("other", 3, hashes=hashes(50, seed=3), source_signature="sha256:abd:0123")
    for number in (4, 5):
        known(
            f"imported {number}",
            number,
            hashes=hashes(50, seed=number),
            source_signature="import:x",
        )
    found = find_shared(served, target(hashes=own, files="sha256:abc"))
    assert found.excluded == {served.store().tasks.get("again").id}
    assert found.warnings == (
        "these are the images of the stored task 'again', so its experts and outcomes are not used",
    )
    subject = stored_subject(served, "imported 4")
    assert find_shared(served, subject).excluded == frozenset()
    assert find_shared(served, stored_subject(served, "again")).findings == ()


def test_a_stored_target_is_looked_for_by_its_stored_hashes(served, known):
    own = hashes(20, seed=1)
    known("one", 1, hashes=own)
    known("two", 2, hashes=hashes(100, seed=2, of=own, first=5))
    (told,) = answer(served, stored_subject(served, "one")).shared_images
    assert (told.task, told.images, told.of) == ("two", 5, 20)
    (told,) = answer(served, stored_subject(served, "two")).shared_images
    assert (told.task, told.images, told.of) == ("one", 5, 100)


def test_what_cannot_be_known_is_said(served, known):
    known("old", 2)
    known("new", 3, hashes=hashes(50, seed=3))
    assert answer(served, target(hashes=hashes(50, seed=1))).warnings == (
        "shared images were not looked for in 1 known task, whose images have no hashes in the "
        "store: old",
    )
    (warning,) = answer(served, target()).warnings
    assert warning.startswith("shared images were not looked for: the hashes of this task's")
    assert answer(served, stored_subject(served, "old")).shared_images == ()


def test_of_many_copies_a_few_are_named(served, known):
    own = hashes(10, seed=1)
    for number in range(2, 10):
        known(f"copy {number}", number, hashes=own, expert=False)
    found = find_shared(served, target(hashes=own))
    assert len(found.findings) == len(found.excluded) == 8
    assert len(found.warnings) == 6
    assert found.warnings[-1] == "3 more tasks with images of this one are not used either"
    assert found.warnings[0].startswith(
        "copy 2 contains 10 of your 10 images (100 %, pixel by pixel), "
    )


def test_the_stored_task_of_the_same_images_is_named_in_one_line(served, known):
    content = {"content_hash": embedding(1).provenance.content_hash}
    own = hashes(50, seed=1)
    for number, name in enumerate(("one", "two", "three", "zero"), start=2):
        known(name, number, hashes=own, made=content)
    known("leaky", 9, hashes=hashes(60, seed=9, of=own, first=50))
    found = answer(served, target(hashes=own))
    leak = (
        "leaky contains 50 of your 50 images (100 %, pixel by pixel), so its experts "
        "and its outcomes are not used"
    )
    unused = "so their experts and outcomes are not used"
    assert found.warnings[:2] == (
        f"these are the images of the stored tasks 'one', 'three', 'two', ..., {unused}",
        leak,
    )
    assert found.stored_as == "one"
    stored = answer(served, stored_subject(served, "one"))
    assert stored.warnings[:2] == (
        f"the stored tasks 'three', 'two', 'zero' have the same images, {unused}",
        leak,
    )
    assert stored.stored_as is None


def descendant(served, name, *, start, task):
    """Add an expert of a task that was fine-tuned from another model, with outcomes."""
    record = served.store().models.get(start)
    lineage = (*([record.task] if record.task else []), *record.lineage)
    tasks = served.store().tasks
    about = {"name": name, "start": record.id, "lineage": tuple(lineage)}
    added = expert_of(served, tasks.get(task), **about)
    for on in ("clean", task):
        add_outcome(served, added, tasks.get(on).id, 0.97)


def test_what_was_fine_tuned_from_an_expert_of_an_excluded_task_is_not_offered(served, known):
    own = hashes(300, seed=1)
    known("leaky", 2, hashes=hashes(230, seed=2, of=own, first=24))
    known("clean", 3, hashes=hashes(200, seed=3))
    known("other", 4, hashes=hashes(200, seed=4))
    descendant(served, "child", start="leaky-expert", task="other")
    descendant(served, "grandchild", start="child", task="other")
    descendant(served, "stranger", start="clean-expert", task="other")

    found = answer(served, target(hashes=own))
    offered = {each.model for each in found.recommendations}
    assert not {"leaky-expert", "child", "grandchild"} & offered
    assert {"clean-expert", "other-expert", "stranger"} <= offered
    assert found.warnings[-1] == (
        "not offered, because they were fine-tuned from a model that has seen images of this task: "
        "child, grandchild"
    )
    # Nor do their outcomes elsewhere count: without them the answer is the same.
    for name in ("grandchild", "child"):
        served.store().models.remove(name, cascade=True)
    without = answer(served, target(hashes=own))
    assert without.recommendations == found.recommendations
    unaware = answer(served, target(hashes=hashes(300, seed=9)))
    assert "leaky-expert" in {each.model for each in unaware.recommendations}


def test_a_descendant_of_the_targets_own_expert_is_not_offered_for_it(served, known):
    known("mine", 2, hashes=hashes(230, seed=2))
    known("clean", 3, hashes=hashes(200, seed=3))
    known("other", 4, hashes=hashes(200, seed=4))
    descendant(served, "child", start="mine-expert", task="other")
    found = answer(served, stored_subject(served, "mine"))
    offered = {each.model for each in found.recommendations}
    assert "child" not in offered
    assert "other-expert" in offered
    assert "child" in found.warnings[-1]
    elsewhere = answer(served, stored_subject(served, "clean"))
    assert "child" in {each.model for each in elsewhere.recommendations}


def nearest(workspace, subject, k=9):
    return search(workspace, SearchQuestion(task="?", k=k), subject).neighbours


def test_neighbours_that_share_images_are_marked(served, known):
    own = hashes(300, seed=1)
    known("leaky", 2, hashes=hashes(230, seed=2, of=own, first=12, near=True))
    known("one", 3, hashes=hashes(200, seed=3, of=own, first=1))
    known("clean", 4, hashes=hashes(200, seed=4))
    known("unknown", 5)
    known("same files", 6, source_signature="sha256:abc:0123")
    subject = target(hashes=own, files="sha256:abc")
    found = {each.name: each for each in nearest(served, subject)}
    marks = {
        name: (each.shares_images, each.shared_images, each.shared_share)
        for name, each in found.items()
    }
    assert marks == {
        "leaky": (True, 12, 0.04),
        "one": (True, 1, 1 / 300),
        "clean": (False, 0, 0.0),
        "unknown": (None, None, None),
        "same files": (True, 0, 0.0),
    }
    stored = {n.name: n for n in nearest(served, stored_subject(served, "one"))}
    assert stored["leaky"].shared_images == 1
    assert stored["leaky"].shared_share == 1 / 200
    assert stored["unknown"].shares_images is None
    # Without hashes of its own nothing is known but of what is the same.
    bare = {n.name: n for n in nearest(served, target())}
    assert {each.shares_images for each in bare.values()} == {None}


def test_only_the_neighbours_that_are_returned_are_looked_at(served, known, monkeypatch):
    own = hashes(300, seed=1)
    for number in range(2, 9):
        known(f"task {number}", number, hashes=hashes(50, seed=number), expert=False)
    read = []
    tasks = served.store().tasks
    hashes_of = tasks.with_image_hashes
    monkeypatch.setattr(tasks, "with_image_hashes", lambda ids: read.extend(ids) or hashes_of(ids))
    monkeypatch.setattr(tasks, "all_image_hashes", lambda: pytest.fail("all were read"))
    found = nearest(served, target(hashes=own), k=3)
    assert read == [each.id for each in found]


def test_a_distance_warns_of_a_shared_part_of_the_images(served, known):
    own = hashes(300, seed=1)
    known("leaky", 2, hashes=hashes(230, seed=2, of=own, first=12, near=True))
    known("clean", 3, hashes=hashes(200, seed=3))
    known("unknown", 4)
    known("same files", 5, source_signature="sha256:abc:0123")
    subject = target(hashes=own, files="sha256:abc")

    def told(source, target):
        return distances(served, source, target).warnings

    leaky = stored_subject(served, "leaky")
    (warning,) = told(leaky, subject)
    assert warning == (
        "as many as 12 of the 300 images of target look like copies of images of leaky (4 %): the "
        "distance is small for that reason"
    )
    (warning,) = told(subject, leaky)
    assert warning.startswith(
        "as many as 12 of the 230 images of leaky look like copies of images of target (5 %)"
    )
    (warning,) = told(stored_subject(served, "same files"), subject)
    assert warning.startswith("same files and target were embedded from the same files")
    for other in ("clean", "unknown"):
        assert told(stored_subject(served, other), subject) == ()
        assert told(leaky, stored_subject(served, other)) == ()
    assert told(subject, subject) == ()
    assert told(leaky, leaky) == ()


def test_a_backtest_hides_what_has_too_many_images_of_the_target_and_not_the_reverse(served):
    """Three images are 8 % of forty, which is too much, and 1 % of 300."""
    # In either order by name, beside a task without hashes.
    little = {"few 1": hashes(40, seed=1), "the few 2": hashes(40, seed=2)}
    many = {
        "many 1": hashes(300, seed=3, of=little["few 1"], first=3),
        "also many 2": hashes(300, seed=4, of=little["the few 2"], first=3),
    }
    known = {"a": None, **little, **many}
    stored = [
        add_task(served, name, number, hashes=of) for number, (name, of) in enumerate(known.items())
    ]
    experts = [expert_of(served, task) for task in stored]
    for task in stored:
        add_outcome(served, DEFAULT, task.id, 0.5)
        for expert in experts:
            add_outcome(served, expert, task.id, 0.6)
    found = backtest(served, BacktestQuestion())
    assert found.shared_pairs == 2
    # The default and the experts of the others, but for those that leaked.
    assert {case.task: case.offered for case in found.cases} == {
        name: len(known) - (name in little) for name in known
    }


def test_the_task_that_shares_most_is_named_first(served, known):
    own = hashes(100, seed=1)
    for number, (name, shared) in enumerate((("b", 40), ("most", 90), ("a", 40)), start=2):
        known(name, number, hashes=hashes(100, seed=number, of=own, first=shared), expert=False)
    found = find_shared(served, target(hashes=own))
    assert [(each.task, each.images) for each in found.findings] == [
        ("most", 90),
        ("a", 40),
        ("b", 40),
    ]
    assert [warning.partition(" ")[0] for warning in found.warnings] == ["most", "a", "b"]
