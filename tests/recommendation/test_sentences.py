"""Each number of a sentence is one of the explanation, and is where the sentence says."""

import re
from dataclasses import replace

import numpy as np
import pytest
from factories import make_embedding
from questions import GARDEN, ask, outcome, right

from task2vec.distance import layer_distances
from task2vec.messages.explanations import About, ComparedLayers
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.classes import judge_classes
from task2vec.recommendation.answer.sentences import sentences
from task2vec.types.details import ClassRecognition, LayerElements

NUMBER = re.compile(r"(?<![\w.-])[+-]?\d[\d,]*(?:\.\d+)?(?![\w.]*\w)")


def backed(explanation):
    """Check the sentences of an explanation and return their texts."""
    document, told = explanation.model_dump(), sentences(explanation)
    for each in told:
        forms = set()
        for place, value in each.values.items():
            found = document
            for part in place.split("/")[1:]:
                found = found[int(part)] if isinstance(found, list | tuple) else found[part]
            assert found == value
            forms |= {f"{100 * value:+.1f}", f"{100 * value:.0f}", f"{max(0, value):.3f}"}
            forms.add(f"{int(value):,}" if float(value).is_integer() else f"{value}")
        numbers = NUMBER.findall(each.text)
        assert numbers, each.text
        assert set(numbers) <= forms, (each.text, forms)
    return [each.text for each in told]


@pytest.fixture(scope="module")
def explanation():
    measured = {"mdl-plain": right(60, 100), "mdl-rose-expert": right(80, 100)}
    return rank(replace(GARDEN, measured=measured, explain=True)).explanation


def compared(seed):
    rng = np.random.default_rng(seed)
    a = rng.uniform(1, 2, 60)
    b = a * np.where(np.arange(60) < 40, 1.0, np.exp(rng.normal(0, 1, 60)))
    groups = (LayerElements("stem", 40), LayerElements("blocks", 20))
    return ComparedLayers(
        task="roses",
        model=None,
        by_layer=layer_distances(make_embedding(a), make_embedding(b), groups),
    )


def test_scores_are_told_as_sums(explanation):
    texts = backed(explanation)
    assert len(texts) == 3
    first = texts[0]
    assert first.startswith("rose-expert: +")
    assert "-7.6 as an expert of another task" in first
    assert "from the nearness of its task, roses" in first
    assert "from 3 recorded outcomes, most on " in first
    assert "from measurements on your images" in first
    assert any("plain: +0.0 points, because it is the default." in text for text in texts)


def test_outcomes_on_the_task_itself_are_told_as_such():
    known = [outcome("plain", "self", 0.7), outcome("rose-expert", "self", 0.8)]
    question = ask(
        GARDEN.models, tasks=GARDEN.tasks, outcomes=known, target="tsk-self", explain=True
    )
    texts = backed(rank(question).explanation)
    (own,) = [text for text in texts if text.startswith("rose-expert: ")]
    assert own.endswith("from 1 recorded outcome on this task.")


def test_layers_that_agree_and_differ_are_named(explanation):
    found = explanation.model_copy(update={"layers": (compared(1),)})
    text = backed(found)[3]
    assert text.startswith("roses is at distance ")
    assert "agree most in stem (0.000 ± 0.000) and differ most in blocks (" in text
    (layers,) = found.layers
    noisy = layers.by_layer.model_copy(update={"beyond_noise": False})
    layers = layers.model_copy(update={"by_layer": noisy})
    text = backed(explanation.model_copy(update={"layers": (layers,)}))[3]
    assert "No layers stand out" in text
    assert "equal within the noise" in text


def test_hard_classes_are_named_with_what_they_are_taken_for(explanation):
    counts = [ClassRecognition(40, 10, {1: 25, 2: 5}), *(ClassRecognition(40, 39, {0: 1}),) * 3]
    judged = judge_classes(("cat", "dog", "car", "cup"), tuple(counts))
    found = explanation.model_copy(update={"classes": judged})
    texts = backed(found)[3:]
    assert texts[0].endswith("1 class is clearly harder than the others:")
    assert len(texts) == 2
    assert texts[1].startswith("cat: 10 of 40 images (")
    assert texts[1].endswith("most often taken for dog (25).")
    assert [each.about for each in sentences(found)[3:]] == [About.CLASSES] * 2


def test_where_no_class_is_hard_the_lowest_is_told(explanation):
    counts = (ClassRecognition(10, 8, {1: 2}), ClassRecognition(10, 9, {0: 1}))
    judged = judge_classes(("cat", "dog"), counts)
    texts = backed(explanation.model_copy(update={"classes": judged}))[3:]
    assert "No class is clearly harder than the others" in texts[0]
    assert texts[1].startswith("cat: 8 of 10 images")


def test_of_many_hard_classes_the_first_are_told(explanation):
    hard = (ClassRecognition(60, 20, {9: 40}),) * 7
    easy = (ClassRecognition(60, 60, {}),) * 7
    judged = judge_classes(tuple(map("c{}".format, range(14))), hard + easy)
    texts = backed(explanation.model_copy(update={"classes": judged}))[3:]
    assert "7 classes are clearly harder than the others. The hardest:" in texts[0]
    assert len(texts) == 6
