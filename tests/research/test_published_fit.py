"""The fit of published outcomes against least squares on every single outcome, and what it sees."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from research.published.fit import Setting, offsets, pair_errors, scores, slopes
from research.published.zoo import ALIASES, NETWORKS, Matrix, figures, matrices
from task2vec.recommendation.published.models import published_models

ZOO = matrices()
PLAIN = Setting("all", "logits", ("top1", "log_parameters"), 0.3)


def test_the_matrices_are_whole_and_named_right() -> None:
    shapes = {m.collection: m.values.shape for m in ZOO}
    assert shapes == {
        "sfda-supervised": (11, 11),
        "parc-all": (4, 7),
        "medmnist-by-architecture": (9, 11),
    }
    sfda, parc, med = ZOO
    assert sfda.values[sfda.networks.index("mnasnet1_0"), sfda.targets.index("cars")] == 0.7258
    assert parc.values[parc.networks.index("resnet18"), parc.targets.index("pets")] == 0.8869
    shuffle = med.networks.index("shufflenet_v2_x0_5")
    assert med.values[shuffle, med.targets.index("retinamnist")] == 0.80522
    assert set(ALIASES) & {target for m in ZOO for target in m.targets} == set()


def test_torchvision_and_timm_agree_on_the_same_weights() -> None:
    names = {name for networks in NETWORKS.values() for name in networks.values()}
    judged_by_both = sorted(
        names & {model.partition(".tv_in1k")[0] for model in published_models()}
    )
    assert len(judged_by_both) == 10
    for name in judged_by_both:
        # Each resizes the images in its own way.
        timm = published_models()[f"{name}.tv_in1k"].imagenet
        assert expit(figures(name)["top1"]) == pytest.approx(timm, abs=0.004)


@pytest.mark.parametrize("ridge", [0.0, 0.3, 3.0])
def test_slopes_are_least_squares_with_a_mean_for_each_data_set(ridge: float) -> None:
    setting = replace(PLAIN, ridge=ridge)
    rows, wanted, columns = [], [], sum(len(m.targets) for m in ZOO)
    column = 0
    for matrix in ZOO:
        X = setting.table(matrix)
        for values in setting.scaled(matrix.values).T:
            for i, value in enumerate(values):
                # A data set weighs 1, whatever the number of networks.
                weight = 1 / np.sqrt(len(values))
                of_data_set = np.zeros(columns)
                of_data_set[column] = weight
                rows.append([*(weight * X[i]), *of_data_set])
                wanted.append(weight * value)
            column += 1
    A = np.array(rows)
    # The penalty is in units of what is left of a feature's squares once the means are taken off.
    means = A[:, 2:]
    left = A[:, :2] - means @ np.linalg.lstsq(means, A[:, :2], rcond=None)[0]
    penalty = np.diag(np.sqrt(ridge * (left**2).sum(axis=0)))
    A = np.vstack([A, np.hstack([penalty, np.zeros((2, columns))])])
    found = np.linalg.lstsq(A, np.array([*wanted, 0, 0]), rcond=None)[0][:2]
    assert slopes(ZOO, setting) == pytest.approx(found, rel=1e-9)


def test_offsets_are_least_squares_with_a_mean_for_each_data_set() -> None:
    setting = replace(PLAIN, shrink=3.0)
    slope = slopes(ZOO, setting)
    names = sorted({name for m in ZOO for name in m.networks})
    columns = sum(len(m.targets) for m in ZOO)
    rows, wanted, column = [], [], 0
    for matrix in ZOO:
        for values in setting.scaled(matrix.values).T:
            for i, name in enumerate(matrix.networks):
                row = np.zeros(len(names) + columns)
                row[[names.index(name), len(names) + column]] = 1
                rows.append(row)
                wanted.append(values[i] - setting.table(matrix)[i] @ slope)
            column += 1
    penalty = np.sqrt(3.0) * np.eye(len(names), len(names) + columns)
    A, b = np.vstack([*rows, penalty]), np.array([*wanted, *np.zeros(len(names))])
    found = np.linalg.lstsq(A, b, rcond=None)[0][: len(names)]
    told = offsets(ZOO, setting, slope)
    assert list(told) == names
    assert [*told.values()] == pytest.approx(found, rel=1e-7, abs=1e-9)


def spoiled(matrix: Matrix, *, networks: tuple[str, ...] = (), target: str | None = None) -> Matrix:
    """The matrix with what must not be looked at changed."""
    values = matrix.values.copy()
    for name in networks:
        if name in matrix.networks:
            values[matrix.networks.index(name)] = 0.01
    if target in matrix.targets:
        values[:, matrix.targets.index(target)] = np.linspace(0.1, 0.9, len(values))
    return replace(matrix, values=values)


def test_a_pair_is_predicted_without_its_data_set_and_without_itself() -> None:
    sfda = ZOO[0].without(networks=ZOO[0].networks[3:])
    fair = pair_errors(ZOO, sfda, PLAIN)
    pets = sfda.targets.index("pets")
    first = 3 * pets
    pair = sfda.networks[:2]
    changed = [spoiled(m, networks=pair, target="pets") for m in ZOO]
    told = pair_errors(changed, spoiled(sfda, networks=()), PLAIN)
    assert told.predicted[first] == pytest.approx(fair.predicted[first], rel=1e-12)
    # Other pairs do look at these networks.
    assert told.predicted[first + 1] != pytest.approx(fair.predicted[first + 1], rel=1e-3)


def test_from_elsewhere_the_own_collection_is_not_looked_at() -> None:
    setting = replace(PLAIN, shrink=3.0)
    med = ZOO[2].without(networks=ZOO[2].networks[4:])
    fair = pair_errors(ZOO, med, setting, elsewhere=True)
    own = [m if m is not ZOO[2] else spoiled(m, networks=m.networks) for m in ZOO]
    assert pair_errors(own, med, setting, elsewhere=True).predicted == pytest.approx(fair.predicted)
    # What is known of MNASNet elsewhere counts.
    others = [spoiled(m, networks=("mnasnet1_0",)) for m in ZOO]
    told = pair_errors(others, med, setting, elsewhere=True)
    assert np.abs(told.predicted - fair.predicted).max() > 0.01


def test_unknown_networks_are_scored_by_their_figures() -> None:
    setting = replace(PLAIN, shrink=1.0)
    left = [m.without(networks=("resnet34",)) for m in ZOO]
    found = dict(zip(ZOO[0].networks, scores(ZOO[0], left, setting), strict=True))
    figures_alone = setting.table(ZOO[0]) @ slopes(left, setting)
    alone = dict(zip(ZOO[0].networks, figures_alone, strict=True))
    assert found["resnet34"] == pytest.approx(alone["resnet34"])
    assert found["mnasnet1_0"] < alone["mnasnet1_0"] - 0.1
