"""Jobs that store nothing answer as the use case would in this process."""

import numpy as np
import pytest
from factories import replace, which_model
from served import NOW, Found, asking, embed, embedded, embedding, end, lend, send

from task2vec.finetuning.probe_cache import Pace, machine
from task2vec.jobs import jobs, leases
from task2vec.messages.datasets import Dataset
from task2vec.messages.neighbours import Distances, NeighbourGeometry, Neighbours, SearchQuestion
from task2vec.messages.recommendations import Recommended
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.models.zoo import list_models
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.recommend.training_time import PlannedTraining
from task2vec.service.tasks.search import distances, search
from task2vec.service.tasks.subjects import Subject, stored_subject
from task2vec.types import JobKind, JobState, Recipe


def test_a_search_answers_as_it_would_in_this_process(served, sent):
    for seed in range(1, 5):
        tags = ["near"] if seed % 2 else []
        embed(served, sent, f"task{seed}", seed=seed, tags=tags)
    question = {"dataset": send(served, "query", seed=9).id, "k": 2, "tags": ["near"]}
    job = lend(served, JobKind.SEARCH, {**question, "asymmetric": True, "min_classes": 1})
    done = end(served, job, embedded(sent, 9))
    subject = Subject("query", embedding(9), None, None)
    expected = search(
        served, SearchQuestion(task="?", k=2, asymmetric=True, tags=("near",)), subject
    )
    assert {n.name for n in expected.neighbours} == {"task1", "task3"}
    warned = {"warnings": ["one image could not be read"]}
    assert done.result == expected.model_dump(mode="json") | warned
    assert "query" not in [record.name for record in served.store().tasks.list()]


def test_nothing_is_embedded_to_search_a_store_that_holds_no_task(served, sent):
    question = asking(JobKind.SEARCH, dataset=send(served, "query", seed=9).id)
    done = jobs.submit(served, question, now=NOW)
    assert done.state is JobState.SUCCEEDED
    assert done.result == {"task": "query", "neighbours": [], "left_out": {}, "warnings": []}
    assert Neighbours.model_validate(done.result).neighbours == ()
    assert leases.lease(served, worker="w", kinds=list(JobKind), now=NOW) is None
    # What was true then is not the answer when it is asked again.
    embed(served, sent, "task1", seed=1)
    again = jobs.submit(served, question, now=NOW)
    assert again.state is JobState.QUEUED


def test_a_centred_search_answers_as_it_would_in_this_process(served, sent):
    question = {"dataset": send(served, "query", seed=9).id, "geometry": "centred"}
    embed(served, sent, "task1", seed=1)
    early = end(served, lend(served, JobKind.SEARCH, question), embedded(sent, 9))
    assert (early.state, early.error.code) == (JobState.FAILED, "bad_setting")
    for seed in range(2, 5):
        embed(served, sent, f"task{seed}", seed=seed)
    done = end(served, lend(served, JobKind.SEARCH, question), embedded(sent, 9))
    subject = Subject("query", embedding(9), None, None)
    centred = SearchQuestion(task="?", geometry=NeighbourGeometry.CENTRED)
    expected = search(served, centred, subject).neighbours
    assert Neighbours.model_validate(done.result).neighbours == expected
    assert len(expected) == 4
    assert expected != search(served, SearchQuestion(task="?"), subject).neighbours


@pytest.mark.parametrize("both", [False, True])
def test_distances_answer_as_they_would_in_this_process(served, sent, both):
    embed(served, sent, "stored", seed=1)
    left = {"task": None, "dataset": send(served, "left", seed=2).id}
    right = {"task": "stored", "dataset": None}
    found = embedded(sent, 2, role="source")
    if both:
        right = {"task": None, "dataset": send(served, "right", seed=3).id}
        more = embedded(sent, 3, role="target")
        found = replace(found, embeddings={**found.embeddings, **more.embeddings})
    done = end(served, lend(served, JobKind.DISTANCES, {"source": left, "target": right}), found)
    warnings = ("one image could not be read",)
    target = Subject("right", embedding(3), None, None, warnings)
    if not both:
        target = stored_subject(served, "stored")
    expected = distances(served, Subject("left", embedding(2), None, None, warnings), target)
    assert done.result == expected.model_dump(mode="json")
    # They are told once, also of two data sets.
    assert expected.warnings == warnings
    assert Distances.model_validate(done.result).source == "left"


def test_a_recommendation_uses_what_the_worker_measured(served, sent):
    dataset = send(served, "pets")
    job = lend(served, JobKind.RECOMMEND, {"dataset": dataset.id, "k": 3})
    correct = {
        default_model_id(): [True, False] * 50,
        "mdl_efficientnet_lite1": [True] * 95 + [False] * 5,
        "mdl_efficientnet_lite2": [True, False, False, False] * 25,
    }
    errors = {default_model_id(): 0.5, "mdl_efficientnet_lite1": 0.25}
    sends = replace(embedded(sent, 5), measured=correct, errors=errors)
    done = end(served, job, sends)
    measured = {
        id_: ProbeAccuracy(np.array(values), errors.get(id_)) for id_, values in correct.items()
    }
    subject = Subject("pets", embedding(5), None, None, ("one image could not be read",))
    expected = recommend(served, which_model(k=3), subject, measured=measured)
    answer = Recommended.model_validate(done.result)
    assert answer.task == "pets"
    assert answer.chosen == expected.chosen == "efficientnet_lite1"
    assert answer.abstained is False
    assert answer.evidence_summary.startswith(expected.evidence_summary)
    assert "made linear probes and no short fine-tunings" in answer.evidence_summary
    assert answer.recommendations[0].score == expected.recommendations[0].score
    assert "efficientnet_lite1" in answer.code
    assert served._engine is None


def test_training_takes_what_it_would_take_the_worker(served, sent):
    dataset, default, rival = send(served, "pets"), default_model_id(), "mdl_efficientnet_lite1"
    correct = {default: [True, False] * 50, rival: [True] * 60 + [False] * 40}
    timing = {"seconds": 2.0, "read": 0.5, "passed": 1.0, "images": 100}
    timings = {default: timing, rival: {**timing, "passed": 3.0}}
    sends = replace(
        embedded(sent, 5), measured=correct, timings=timings, machine=machine(), seconds=30.0
    )
    question = {"dataset": dataset.id}
    answer = end(served, lend(served, JobKind.RECOMMEND, question), sends).result
    about = embedding(5).provenance
    plan = PlannedTraining.on_images(about.images, classes=about.classes, most=300)
    paces = {default: Pace(0.5, 1.0, 100), rival: Pace(0.5, 3.0, 100)}
    expected = plan.seconds(list_models(served), paces)
    for each in answer["recommendations"]:
        found = [plan["seconds"] for plan in each["plans"]]
        assert found == pytest.approx([*expected[f"mdl_{each['model']}"].values()])
    # The next worker tells nothing: what is known from before does, where it is of this machine.
    again = end(
        served, lend(served, JobKind.RECOMMEND, question), replace(embedded(sent, 5), measured={})
    ).result
    assert again["recommendations"] == answer["recommendations"]
    # All layers take 255 s. Of the 280 that there are, 30 are gone.
    sends = replace(sends, timings={id_: {**timing, "passed": 5.0} for id_ in correct})
    limited = lend(served, JobKind.RECOMMEND, {**question, "time": 280.0})
    limited = Recommended.model_validate(end(served, limited, sends).result)
    assert limited.recipe is not Recipe.ALL_LAYERS
    assert limited.time_reason == (
        "All layers take about 4 min 15 s, more than the 4 min 10 s that measuring leaves of your "
        "4 min 40 s."
    )


def test_what_a_worker_measured_counts_for_later_answers_about_the_images(served, sent):
    dataset = send(served, "pets")
    correct = {
        default_model_id(): [True, False] * 50,
        "mdl_efficientnet_lite1": [True] * 95 + [False] * 5,
    }
    sends = replace(embedded(sent, 5), measured=correct)
    first = end(served, lend(served, JobKind.RECOMMEND, {"dataset": dataset.id}), sends).result
    # The next worker had no time for the rival.
    one = {default_model_id(): correct[default_model_id()]}
    sends = replace(embedded(sent, 5), measured=one)
    again = end(served, lend(served, JobKind.RECOMMEND, {"dataset": dataset.id}), sends).result
    assert again["probed"] == first["probed"] == 2
    assert again["recommendations"] == first["recommendations"]
    # A worker that counts other images than those before is believed, and they are not.
    few = {default_model_id(): [True] * 7}
    sends = replace(embedded(sent, 5), measured=few)
    odd = end(served, lend(served, JobKind.RECOMMEND, {"dataset": dataset.id}), sends).result
    assert odd["probed"] == 1
    # Other images are another question.
    sends = replace(embedded(sent, 5), measured=one)
    other = send(served, "pets2", seed=1)
    alone = end(served, lend(served, JobKind.RECOMMEND, {"dataset": other.id}), sends).result
    assert alone["probed"] == 1


def test_linear_probes_that_were_not_asked_for_fail_the_job(served, sent):
    dataset = send(served, "pets")
    too_many = {default_model_id(): [True] * 301}
    probed = {default_model_id(): [True]}
    for errors in ({"mdl_other": 0.5}, {default_model_id(): -1.0}, {default_model_id(): np.nan}):
        job = lend(served, JobKind.RECOMMEND, {"dataset": dataset.id})
        sends = replace(embedded(sent), measured=probed, errors=errors)
        failed = end(served, job, sends)
        assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")
    for measured in ({"mdl_other": [True]}, {default_model_id(): []}, too_many):
        job = lend(served, JobKind.RECOMMEND, {"dataset": dataset.id})
        failed = end(served, job, replace(embedded(sent), measured=measured))
        assert (failed.state, failed.error.code) == (JobState.FAILED, "bad_input")


def test_without_linear_probes_the_answer_says_so(served, sent):
    job = lend(served, JobKind.RECOMMEND, {"dataset": send(served, "pets").id})
    done = end(served, job, embedded(sent))
    assert "no model could be probed" in done.result["warnings"][-1]


def test_a_fetched_data_set_is_told_without_its_place_and_owner(served):
    images = [{"url": "https://x.example/1.png", "label": "a", "split": None}] * 2
    job = lend(served, JobKind.FETCH, {"name": "far", "images": images})
    dataset = replace(send(served, "far"), owner="key_1")
    answer = Dataset.model_validate(dataset)
    done = served.store().jobs.complete(
        job.id, fence=job.fence, result=answer.model_dump(mode="json"), now=NOW + 1
    )
    assert done.state is JobState.SUCCEEDED
    assert Dataset.model_validate(done.result).sha256 == dataset.sha256
    assert not {"file", "owner"} & set(done.result)
    assert done.result["expires"] == "2023-11-26T12:00:00Z"


def test_no_worker_fetches(served):
    images = [{"url": "https://x.example/1.png", "label": "a"}] * 2
    job = lend(served, JobKind.FETCH, {"name": "far", "images": images})
    assert end(served, job, Found()).state is JobState.FAILED
