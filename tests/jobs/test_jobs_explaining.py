"""What an explanation through a server rests on is what the workers sent."""

import pytest
from served import ELEMENTS, embed, embedded, embedding, end, lend, send

from task2vec.distance import plain_symmetric_distance
from task2vec.embedding.files import save_embedding
from task2vec.messages.recommendations import Recommended
from task2vec.recommendation.answer.classes import judge_classes
from task2vec.service.packaged_models import default_model_id
from task2vec.types import JobKind, JobState
from task2vec.types.details import ClassRecognition, EmbeddingDetails, LayerElements

LAYERS = tuple(LayerElements(f"blocks.{i}.dw", 4) for i in range(ELEMENTS // 4))
COUNTS = (ClassRecognition(40, 10, {1: 30}), ClassRecognition(40, 40, {}))
DETAILS = EmbeddingDetails(layers=LAYERS, classes=COUNTS)


def detailed(sent, number, details=DETAILS):
    """Write what a worker sends that tells of layers and classes, too."""
    found = embedded(sent, number)
    save_embedding(embedding(number), found.embeddings["task"], name="task", details=details)
    return found


def ask(served, found, **question):
    job = lend(served, JobKind.RECOMMEND, {"explain": True, **question})
    return end(served, job, found)


def test_a_data_set_is_explained_by_what_the_worker_sent(served, sent):
    for seed in (1, 2):
        embed(served, sent, f"task{seed}", seed=seed)
    done = ask(served, detailed(sent, 5), dataset=send(served, "pets", seed=5).id)
    explanation = Recommended.model_validate(done.result).explanation

    (compared,) = explanation.layers
    assert [group.name for group in compared.by_layer.groups] == [f"blocks.{i}" for i in range(4)]
    distances = {f"task{i}": plain_symmetric_distance(embedding(5), embedding(i)) for i in (1, 2)}
    assert compared.task == min(distances, key=distances.get)
    assert compared.by_layer.plain == pytest.approx(min(distances.values()), abs=1e-12)
    names = embedding(5).provenance.class_names
    expected = judge_classes(names, COUNTS)
    assert [each.name for each in explanation.classes.classes] == [
        each.name for each in expected.classes
    ]
    assert explanation.classes.classes[0].taken_for.name == names[1]
    assert explanation.unknown == ()
    assert served._engine is None


def test_a_stored_task_is_explained_by_what_was_stored_with_it(served, sent):
    embed(served, sent, "other", seed=1)
    dataset = send(served, "pets", seed=5)
    stored = end(
        served, lend(served, JobKind.EMBED, {"dataset": dataset.id}), detailed(sent, 5)
    ).result["id"]
    assert served.store().tasks.details(stored) == DETAILS
    measured = {default_model_id(): [True, False]}
    probed = embedded(sent, 5)
    found = type(probed)(measured=measured)
    done = ask(served, found, task=stored, measure=True)
    assert Recommended.model_validate(done.result).explanation.classes.hard_classes == 1
    # One that was embedded without is compared by the layers that the other tells of.
    done = ask(served, found, task="other", measure=True)
    explanation = Recommended.model_validate(done.result).explanation
    assert [each.about for each in explanation.unknown] == ["classes"]
    assert "--update" in explanation.unknown[0].reason
    assert explanation.layers[0].task == "pets"


def test_a_worker_without_details_is_an_earlier_one(served, sent):
    embed(served, sent, "other", seed=1)
    done = ask(served, embedded(sent, 5), dataset=send(served, "pets", seed=5).id)
    explanation = Recommended.model_validate(done.result).explanation
    assert (explanation.classes, explanation.layers) == (None, ())
    assert [each.about for each in explanation.unknown] == ["layers", "classes"]
    assert {each.about for each in explanation.sentences} == {"outcomes"}


@pytest.mark.parametrize(
    "details",
    [
        EmbeddingDetails(layers=LAYERS[1:], classes=COUNTS),
        EmbeddingDetails(layers=LAYERS, classes=COUNTS[1:]),
        EmbeddingDetails(
            layers=LAYERS, classes=(COUNTS[0], ClassRecognition(200_000, 200_000, {}))
        ),
    ],
    ids=["layers", "classes", "images"],
)
def test_details_that_do_not_fit_fail_the_job(served, sent, details):
    done = ask(served, detailed(sent, 5, details), dataset=send(served, "pets", seed=5).id)
    assert (done.state, done.error.code) == (JobState.FAILED, "bad_input")
    assert "details" in done.error.problem
