"""Small shares of common images are discounted, and an expert of a smaller data set is offered."""

import numpy as np
import pytest
from factories import replace, which_model
from served import add_task, embedding, expert_of, hashes

from task2vec.messages.recommendation_question import MOST_SHARED
from task2vec.recommendation.evidence.leaks import SEEN_GAIN
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.shared_images import find_shared
from task2vec.service.tasks.subjects import Subject

IMAGES = embedding(1).provenance.images
FOLDER = "/home/me/photos/birds"


@pytest.fixture
def known(served):
    """Add a task with an expert."""

    def add(name, number, *, made, images=IMAGES, **changed):
        task = add_task(served, name, number, made={"images": images}, hashes=made, **changed)
        return expert_of(served, task)

    return add


def target(own, **given):
    return Subject("target", embedding(1), None, None, hashes=own, **given)


def answer(served, subject, *, measured=None, **asked):
    return recommend(
        served, which_model(published=False, **asked), subject, measured=measured or {}
    )


def right(count):
    return ProbeAccuracy(np.arange(100) < count)


def gain(found, name):
    return next(each.score for each in found.recommendations if each.model == name)


def test_what_an_expert_gains_on_images_that_it_has_seen_is_discounted(served, known):
    own = hashes(100, seed=1)
    expert = known("little", 2, made=hashes(100, seed=2, of=own, first=5))
    measured = {default_model_id(): right(50), expert.id: right(80)}
    found = answer(served, target(own), measured=measured)
    (told,) = found.shared_images
    assert (told.share, told.excluded) == (0.05, False)
    # The same expert, of a task that shares no image.
    clean = answer(served, target(hashes(100, seed=9)), measured=measured)
    less = gain(clean, expert.name) - gain(found, expert.name)
    assert 0.7 * SEEN_GAIN * 0.05 < less < 1.5 * SEEN_GAIN * 0.05
    (evidence,) = [
        piece.text
        for each in found.recommendations
        for piece in each.evidence
        if each.model == expert.name and piece.kind == "linear_probe"
    ]
    assert "because it was trained on 5 % of your images" in evidence


def test_what_descends_from_such_an_expert_is_discounted_too(served, known):
    own = hashes(100, seed=1)
    first = known("little", 2, made=hashes(100, seed=2, of=own, first=5))
    second = known("other", 3, made=hashes(100, seed=3))
    lineage = replace(second, lineage=(first.task,))
    shared = find_shared(served, target(own))
    assert shared.seen([first, second, lineage]) == {first.id: 0.05, lineage.id: 0.05}


@pytest.mark.parametrize(("most", "excluded"), [(0.0, True), (MOST_SHARED, False), (0.01, True)])
def test_the_share_that_may_be_shared_is_an_option(served, known, most, excluded):
    own = hashes(100, seed=1)
    expert = known("little", 2, made=hashes(100, seed=2, of=own, first=5))
    found = answer(served, target(own), max_shared=most)
    assert [each.excluded for each in found.shared_images] == [excluded]
    assert (expert.name in {each.model for each in found.recommendations}) is not excluded


def test_an_expert_of_fewer_images_of_the_data_set_is_offered_and_not_ranked(served, known):
    own = hashes(IMAGES, seed=1)
    before = IMAGES // 2
    expert = known("birds", 2, made=own[:before], images=before)
    found = answer(served, target(own))
    (offered,) = found.earlier_experts
    assert (offered.model, offered.task) == (expert.name, "birds")
    assert (offered.images, offered.now) == (before, IMAGES)
    assert expert.name not in {each.model for each in found.recommendations}
    assert all(each.model != expert.name for each in found.baselines)
    (words,) = [each for each in found.warnings if "is your expert of an earlier version" in each]
    assert words.endswith(f"`task2vec finetune target --from {expert.name}`")


def test_the_folder_before_it_grew_is_known_by_one_image(served, known):
    own = hashes(IMAGES, seed=1)
    made = hashes(IMAGES, seed=2, of=own, first=1)
    known("birds", 2, made=made, source=FOLDER, source_signature="sha256:before:0123")
    elsewhere = known("cats", 3, made=hashes(40, seed=3), source="/other")
    about = {"source": FOLDER, "source_signature": "sha256:now:0123"}
    stored = add_task(served, "grown", 1, hashes=own, **about)
    found = answer(served, Subject("grown", embedding(1), stored, None))
    assert [each.model for each in found.earlier_experts] == ["birds-expert"]
    names = {each.model for each in found.recommendations}
    assert "birds-expert" not in names
    # As the simple rule of the nearest source would have taken it.
    assert "birds-expert" not in {each.model for each in found.baselines}
    assert elsewhere.name in names


def test_a_task_that_is_larger_or_other_files_of_the_same_is_no_earlier_one(served, known):
    own = hashes(IMAGES, seed=1)
    known("superset", 2, made=np.concatenate([own, hashes(9, seed=2)]), images=IMAGES + 9)
    known("again", 3, made=own[:3], images=3, source_signature="sha256:abc:0123")
    known("other half", 4, made=hashes(9, seed=4, of=own, first=2), images=9)
    found = answer(served, target(own, files="sha256:abc"))
    assert {each.task for each in found.shared_images if each.excluded} >= {"superset", "again"}
    assert found.earlier_experts == ()
