"""The zoo of 500: its plan, its draws, its experts, and what is measured of them."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from research.large_zoo import training
from research.large_zoo.draws import MOST_TESTS, SCORED, draws, first_half
from research.large_zoo.embeddings import Embedded, in_turn
from research.large_zoo.images import (
    TaskImages,
    as_input,
    default_stage,
    joined,
    stage_features,
)
from research.large_zoo.known import paired
from research.large_zoo.outcomes import Target, measure, measure_gains
from research.large_zoo.plan import (
    EXPERTS,
    FEWEST_IMAGES,
    FIRST_UNION,
    HARMFUL_RATE,
    RATE,
    UNION_IMAGES,
    UNION_RATES,
    Source,
    asked_of,
    joined_labels,
    sources,
    with_targets,
)
from research.large_zoo.tables import (
    Quantity,
    TunedRow,
    append_cells,
    append_list,
    matrix,
    read_cells,
    read_list,
)
from research.large_zoo.training import load_stage, stage_training, trained
from research.transfer.zoo import DEFAULT
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy, paired_gain
from task2vec.types.scatter import ClassScatter

LABELS = {
    "few": np.repeat(np.arange(4), 9),
    "many": np.repeat(np.arange(26), 14),
    "large": np.repeat(np.arange(5), 220),
}


FAMILIES = dict.fromkeys(LABELS, "letters")


@pytest.fixture(scope="module")
def plan():
    return list(sources(LABELS, FAMILIES))


@pytest.fixture(scope="module")
def singles(plan):
    return [source for source in plan if len(source.tasks) == 1]


def test_sources_of_one_task_and_of_several_take_turns(plan) -> None:
    assert len(plan) > 0.9 * EXPERTS
    assert [len(source.tasks) > 1 for source in plan] == [False, True] * (len(plan) // 2)
    numbers = [source.number for source in plan]
    assert len(set(numbers)) == len(numbers)
    assert all((n >= FIRST_UNION) == (len(s.tasks) > 1) for n, s in zip(numbers, plan, strict=True))
    assert {source.rate for source in plan if len(source.tasks) == 1} == {RATE}
    assert {source.rate for source in plan if len(source.tasks) > 1} == set(UNION_RATES)
    counts = Counter(source.tasks for source in plan if len(source.tasks) == 1)
    assert min(counts.values()) > 60


def test_sources_are_images_of_their_classes_two_of_each_at_least(plan) -> None:
    for source in plan:
        labels = joined_labels([LABELS[name] for name in source.tasks])
        assert (source.classes[source.labels] == labels[source.rows]).all()
        assert len(set(source.rows.tolist())) == len(source.rows)
        assert np.bincount(source.labels, minlength=len(source.classes)).min() >= 2
        available = int(np.isin(labels, source.classes).sum())
        assert min(FEWEST_IMAGES, available) <= len(source.rows) <= available


def test_a_union_has_images_of_each_of_its_tasks(plan) -> None:
    for source in plan:
        assert len(set(source.tasks)) == len(source.tasks)
        of_task = np.repeat(source.tasks, [len(LABELS[name]) for name in source.tasks])
        assert set(of_task[source.rows].tolist()) == set(source.tasks)
        if len(source.tasks) > 1:
            assert len(source.rows) <= UNION_IMAGES[1]


def test_a_union_is_of_one_family_of_one_kind_or_of_any() -> None:
    families = dict(zip("abcdef", ["letters"] * 2 + ["digits"] * 2 + ["textures"] * 2, strict=True))
    labels = dict.fromkeys(families, LABELS["few"])
    kinds = dict(zip("abcdef", ["glyphs"] * 4 + ["photo"] * 2, strict=True))
    of = [source.tasks for source in sources(labels, families) if len(source.tasks) > 1]
    shares = [
        np.mean([len({group[name] for name in tasks}) == 1 for tasks in of])
        for group in (families, kinds)
    ]
    assert 0.1 < shares[0] < shares[1]
    assert 0.6 < shares[1] < 0.95


def test_sources_are_of_very_unequal_size(singles) -> None:
    sizes = np.array([len(source.rows) for source in singles if source.tasks == ("large",)])
    assert sizes.min() < 40
    assert sizes.max() == 1100
    assert (sizes < 150).mean() > 0.3
    classes = {len(source.classes) for source in singles if source.tasks == ("many",)}
    assert {2, 26} <= classes
    assert len(classes) > 10


def test_a_source_does_not_depend_on_those_before_it(plan) -> None:
    for number in (76, 77):
        again = next(s for s in sources(LABELS, FAMILIES) if s.number == plan[number].number)
        assert again.rows.tolist() == plan[number].rows.tolist()


def test_of_each_family_one_task_is_a_target() -> None:
    families = {"many": "letters", "few": "letters", "large": "digits"}
    assert asked_of(families) == ("large", "few")


def test_a_union_of_all_targets_is_left_out_of_the_plan(plan) -> None:
    """It has no target to be tried on, and would stop the run."""
    targets = {"few", "large"}
    left = list(with_targets(plan, targets))
    assert {source.number for source in plan} - {source.number for source in left} == {
        source.number for source in plan if {"few", "large"} <= {*source.tasks}
    }
    assert 0 < len(left) < len(plan)


def test_images_of_several_tasks_are_those_of_one_with_all_classes() -> None:
    rng = np.random.default_rng(0)
    parts = [
        replace(task_of(rng.normal(size=(n, 3, 2, 2)), np.arange(n) % c), tasks=(name,))
        for name, n, c in (("a", 6, 2), ("b", 9, 3))
    ]
    both = joined(parts)
    assert both.tasks == ("a", "b")
    assert both.labels.tolist() == [0, 1] * 3 + [2, 3, 4] * 3
    assert both.classes == 5
    assert len(set(both.objects.tolist())) == 15
    for row, (part, own) in ((4, (parts[0], 4)), (6, (parts[1], 0)), (14, (parts[1], 8))):
        np.testing.assert_array_equal(both.plain[row], part.plain[own])
        np.testing.assert_array_equal(both.views[:, row], part.views[:, own])
        np.testing.assert_array_equal(both.features[row], part.features[own])
    assert joined(parts[:1]) is parts[0]


def test_no_object_trains_and_tests_and_no_image_tests_twice() -> None:
    labels = np.repeat(np.arange(4), 30)
    objects = np.arange(120) // 3
    one, other = draws("some", labels, objects)
    for draw in (one, other):
        assert np.bincount(labels[draw.train[5]]).tolist() == [5] * 4
        assert np.bincount(labels[draw.train[10]]).tolist() == [10] * 4
        assert set(draw.train[5]) <= set(draw.train[10])
        assert not set(objects[draw.train[10]]) & set(objects[draw.test])
    assert not set(one.test) & set(other.test)
    assert set(one.train[10]) <= set(other.test)


def test_either_half_has_images_of_every_class_however_large_its_objects() -> None:
    labels = np.array([0] * 58 + [1] * 30)
    objects = np.array([0] * 54 + [1, 2, 3, 3, *range(4, 34)])
    half = first_half(labels, objects, np.random.default_rng(0))
    for part in (half, ~half):
        assert set(labels[part]) == {0, 1}
    # One object of 54, and the three others against it.
    assert sorted([half[labels == 0].sum(), (~half)[labels == 0].sum()]) == [4, 54]
    assert half[labels == 1].sum() == 15


def test_tests_are_not_too_many() -> None:
    labels = np.repeat(np.arange(2), 400)
    assert [len(draw.test) for draw in draws("x", labels, np.arange(800))] == [MOST_TESTS] * 2


def task_of(seen: np.ndarray, labels: np.ndarray) -> TaskImages:
    half = seen.astype(np.float16)
    views = np.stack([half] * 4)
    return TaskImages(("some",), labels, np.arange(len(labels)), half, views, half)


def test_a_model_that_tells_the_classes_wins_what_the_default_has_wrong() -> None:
    """Of two channels the default sees noise, the model what tells the classes."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(3), 30)
    seen = rng.normal(size=(90, 8, 2, 2))
    seen[:, :3] = 4 * np.eye(3)[labels][:, :, None, None]

    class Channels(nn.Module):
        def __init__(self, chosen: slice) -> None:
            super().__init__()
            self.chosen = chosen

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, self.chosen].mean(dim=(2, 3))

    target = Target(task_of(seen, labels), Channels(slice(3, 8)))
    found = measure(Channels(slice(0, 3)), target)
    for shots in (5, 10):
        for draw in (0, 1):
            right = target.default.right[shots, draw]
            assert right.mean() < 0.7
            assert found[Quantity(f"gain {shots} {draw}")] == f"{(~right).sum()}:0"
    wrong = ~target.default.held_out[SCORED].correct
    assert found[Quantity.HELD_OUT_5] == f"{wrong.sum()}:0"
    gains = {quantity: text for quantity, text in found.items() if quantity.startswith("gain")}
    assert measure_gains(Channels(slice(0, 3)), target) == gains
    own = measure(Channels(slice(3, 8)), target)
    assert {text for quantity, text in own.items() if quantity.startswith(("gain", "held"))} == {
        "0:0"
    }
    assert float(found[Quantity.LOGME_5]) > float(own[Quantity.LOGME_5])
    assert float(found[Quantity.RIDGE_5]) < float(own[Quantity.RIDGE_5])


@pytest.fixture
def expert(tmp_path, monkeypatch):
    monkeypatch.setenv("TASK2VEC_BENCHMARK_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(2), 40)
    seen = rng.normal(size=(80, 192, 3, 3)) * 0.5
    seen[:, :40] += 0.6 * labels[:, None, None, None]
    images = task_of(seen, labels)
    rows = np.arange(0, 80, 2)
    source = Source(8, ("some",), rows, labels[rows], np.arange(2), HARMFUL_RATE)
    return images, trained(source, images)


def test_an_expert_learns_its_classes_and_is_kept_as_it_was_measured(expert) -> None:
    images, found = expert
    assert found.accuracy > 0.8
    kept = stage_features(load_stage("008"), images.plain)
    np.testing.assert_array_equal(kept, stage_features(found.last, images.plain))
    early = stage_features(load_stage("008-early"), images.plain)
    np.testing.assert_array_equal(early, stage_features(found.early, images.plain))
    plain = stage_features(default_stage(), images.plain)
    assert np.abs(early - plain).mean() < np.abs(kept - plain).mean()


def test_rounding_changes_matrices_by_half_precision_only() -> None:
    stage = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3))
    before = {name: tensor.clone() for name, tensor in stage.state_dict().items()}
    for name, tensor in training.rounded(stage).state_dict().items():
        expected = before[name].half().float() if tensor.ndim > 1 else before[name]
        torch.testing.assert_close(tensor, expected, rtol=0, atol=0)


def test_epochs_take_turns_with_the_views() -> None:
    labels = np.repeat(np.arange(2), 6)
    seen = np.random.default_rng(1).normal(size=(4, 12, 192, 3, 3)).astype(np.float16)
    images = replace(task_of(seen[0], labels), views=seen)
    rows = np.array([3, 9, 4])
    run = stage_training(default_stage(), images, rows, labels[rows], FineTuningSettings())
    for epoch in (0, 1, 5):
        run.epoch = epoch
        shown = run.inputs(np.array([2, 0]))
        torch.testing.assert_close(shown, as_input(seen[epoch % 4][rows[[2, 0]]]))


def test_images_of_an_embedding_are_of_each_class_in_turn() -> None:
    labels = np.array([0] * 10 + [1] * 3 + [2] * 10)
    chosen = in_turn(labels, 13)
    assert np.bincount(labels[chosen]).tolist() == [5, 3, 5]
    assert in_turn(labels, 99).tolist() == list(range(23))


def test_what_is_kept_of_an_embedding_is_read_again(tmp_path, monkeypatch) -> None:
    from research.large_zoo import embeddings

    monkeypatch.setenv("TASK2VEC_BENCHMARK_CACHE", str(tmp_path))
    monkeypatch.setattr(embeddings, "_embedded", lambda *_: written)
    rng = np.random.default_rng(0)
    factor = np.eye(2, 5, dtype=np.float16) / np.float16(2**0.5)
    written = Embedded(
        rng.random(7).astype(np.float32),
        rng.random((8, 7)).astype(np.float32),
        ClassScatter(factor, factor),
        nats=12.5,
        accuracy=0.75,
        loss=0.5,
    )
    images = task_of(np.zeros((4, 1, 1, 1)), np.arange(4) % 2)
    read = embeddings.embedded("x", images, np.arange(4), images.labels)
    np.testing.assert_array_equal(read.values, written.values)
    np.testing.assert_array_equal(read.groups, written.groups)
    assert read.scatter == written.scatter
    assert (read.nats, read.accuracy, read.loss) == (12.5, 0.75, 0.5)


def test_cells_are_read_as_they_were_written(tmp_path) -> None:
    table = tmp_path / "cells.csv"
    append_cells(
        DEFAULT,
        {Quantity.GAIN_5_0: {"a": "0:0", "b": "0:0"}, Quantity.LOGME_5: {"b": "0.25"}},
        targets=["a", "b"],
        table=table,
    )
    append_cells("7", {Quantity.GAIN_5_0: {"b": "12:3"}}, targets=["a", "b"], table=table)
    cells = read_cells(table)
    assert list(cells) == [DEFAULT, "7"]
    gains = matrix(cells, Quantity.GAIN_5_0, models=[DEFAULT, "7"], targets=["a", "b"])
    np.testing.assert_array_equal(gains, [[[0, 0], [0, 0]], [[np.nan] * 2, [12, 3]]])
    scores = matrix(cells, Quantity.LOGME_5, models=[DEFAULT, "7"], targets=["a", "b"])
    np.testing.assert_array_equal(scores, [[np.nan, 0.25], [np.nan, np.nan]])
    assert read_cells(tmp_path / "none.csv") == {}


def test_lists_are_read_as_they_were_written(tmp_path) -> None:
    rows = [
        TunedRow("7", "a", 5, 70, 40, 44, 41, 9, 6, 1.5),
        TunedRow("8", "b", 10, 71, 41, 45, 42, 10, 7, 2.25),
    ]
    append_list(rows[:1], tmp_path / "list.csv")
    append_list(rows[1:], tmp_path / "list.csv")
    assert read_list(TunedRow, tmp_path / "list.csv") == rows
    assert read_list(TunedRow, tmp_path / "none.csv") == []


def test_counts_tell_the_gain_that_the_product_tells_of_answers() -> None:
    rng = np.random.default_rng(0)
    own, plain = rng.random((2, 40)) < np.array([[0.7], [0.5]])
    counts = np.array([(own & ~plain).sum(), (plain & ~own).sum()], dtype=float)
    expected = paired_gain(ProbeAccuracy(own), ProbeAccuracy(plain))
    gain, variance = paired(counts, np.array(40))
    assert float(gain) == pytest.approx(expected.gain)
    assert float(variance) == pytest.approx(expected.variance)
