"""Generalists have not seen what they are asked; networks without labels learn by VICReg."""

import numpy as np
import pytest
import torch

from research import RESULTS
from research.development.tasks import SUPERFAMILIES
from research.large_zoo.images import TaskImages, default_stage
from research.other_networks import generalists as module
from research.other_networks import summary
from research.other_networks.generalists import (
    RELATIVES,
    SUPERFAMILY,
    generalists,
    read_rows,
    trained,
)
from research.other_networks.probed import TABLE, families_of_tasks
from research.other_networks.summary import networks, shown
from research.other_networks.tuned import tried
from research.other_networks.unlabelled import ARCHITECTURES, begun, learnt, vicreg, view
from research.transfer.outcomes import Cell, read_cells
from research.transfer.targets import Budget

FAMILIES = {
    "a": "letters",
    "b": "letters",
    "c": "letters",
    "d": "digits",
    "e": "digits",
    "f": "clothes",
    "g": "textures",
    "h": "textures",
}
RNG = np.random.default_rng(0)


def test_a_superfamily_is_left_out_as_a_whole() -> None:
    found = [each for each in generalists(FAMILIES) if each.split == SUPERFAMILY]
    assert [each.name for each in found] == ["clothes", "glyphs", "photo"]
    for each in found:
        kinds = {SUPERFAMILIES[FAMILIES[name]] for name in each.tasks}
        assert each.name not in kinds
        assert {SUPERFAMILIES[FAMILIES[name]] for name in each.unseen} == {each.name}
        assert set(each.tasks) | set(each.unseen) == set(FAMILIES)


def test_the_other_split_keeps_a_relative_of_every_family_with_two_tasks() -> None:
    found = [each for each in generalists(FAMILIES) if each.split == RELATIVES]
    assert sorted(found[0].unseen + found[1].unseen) == sorted(FAMILIES)
    for each in found:
        assert not set(each.tasks) & set(each.unseen)
        seen = {FAMILIES[name] for name in each.tasks}
        assert seen >= {FAMILIES[name] for name in each.unseen} - {"clothes"}


def images_of(name: str) -> TaskImages:
    labels = np.repeat(np.arange(2), 6)
    plain = RNG.normal(size=(12, 192, 3, 3)).astype(np.float16)
    return TaskImages(
        (name,), labels, np.arange(12), plain, np.stack([plain] * 4), np.zeros((12, 3), np.float32)
    )


def test_a_generalist_is_trained_on_its_tasks_alone(monkeypatch) -> None:
    asked = []

    def one(name):
        asked.append(name)
        return images_of(name)

    monkeypatch.setattr(module, "task_images", one)
    generalist = next(generalists(FAMILIES))
    stage = trained(generalist)
    assert tuple(asked) == generalist.tasks
    before = default_stage().state_dict()
    moved = [name for name, now in stage.state_dict().items() if not now.equal(before[name])]
    assert any(name.endswith("weight") for name in moved)
    assert not any("running" in name for name in moved)


def test_the_tables_hold_each_cell_once_and_no_counts_beyond_the_images() -> None:
    rows = read_rows()
    keys = [(row.split, row.generalist, row.target, row.shots, row.draw) for row in rows]
    assert len(set(keys)) == len(keys) > 100
    for row in rows:
        counts = (row.right, row.default_right, row.tuned, row.default_tuned)
        assert max(counts) <= row.tested
        assert (row.tuned >= 0) == (row.default_tuned >= 0)
        if row.split == SUPERFAMILY:
            assert SUPERFAMILIES[row.family] == row.generalist
    cells = [(cell.model, cell.target, cell.budget) for cell in read_cells(TABLE)]
    assert len(set(cells)) == len(cells)


def test_gains_are_over_the_default_on_the_same_target() -> None:
    def cell(model, target, accuracy):
        return Cell(model, target, Budget.FEW, accuracy, accuracy, accuracy, 0.02)

    cells = [
        cell("efficientnet_lite0", "a", 0.5),
        cell("other", "a", 0.6),
        cell("efficientnet_lite0", "f", 0.7),
        cell("other", "f", 0.73),
        cell("efficientnet_lite0", "g", 0.8),
        cell("other", "g", 0.6),
    ]
    cells += [Cell(c.model, c.target, Budget.ALL, c.accuracy, 0, 0, 0.3) for c in cells]
    found = networks(cells, FAMILIES)["other"]
    assert found[Budget.FEW].won == {"a": 10.0}
    assert found[Budget.ALL].won == {}
    assert found[Budget.FEW].gain[0] == pytest.approx(-2.3)
    assert found[Budget.FEW].better == "2 of 3"
    assert found[Budget.FEW].by_kind == {"clothes": 3.0, "glyphs": 10.0, "photo": -20.0}


def test_intervals_are_over_families_not_targets() -> None:
    alike = {"letters": [4.0] * 8, "digits": [-4.0] * 8}
    gain, low, high = shown(alike).gain
    assert gain == 0
    assert (low, high) == (-4, 4)


def test_vicreg_is_its_three_terms() -> None:
    a, b = RNG.normal(size=(2, 9, 4))
    expected = 25 * np.mean((a - b) ** 2)
    for one in (a, b):
        covariance = np.cov(one.T)
        expected += 12.5 * np.maximum(0, 1 - np.sqrt(np.diag(covariance) + 1e-4)).mean()
        expected += (np.square(covariance).sum() - np.square(np.diag(covariance)).sum()) / 4
    found = vicreg(torch.from_numpy(a), torch.from_numpy(b))
    assert float(found) == pytest.approx(expected)


def test_a_view_is_a_window_of_its_image_never_flipped() -> None:
    ramp = torch.linspace(-1, 1, 96).expand(8, 3, 96, 96)
    seen = view(ramp, torch.Generator().manual_seed(0))
    assert seen.shape == ramp.shape
    steps = seen.diff(dim=3)
    assert (steps > -1e-6).all()
    # A window of half the side has half the slope, in colours of 0.6 to 1.4.
    slopes = (seen[..., -20].mean(dim=(1, 2)) - seen[..., 20].mean(dim=(1, 2))) / (2 * 56 / 95)
    assert slopes.min() > 0.25
    assert slopes.max() < 1.4
    assert len(set(slopes.tolist())) == 8


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_training_without_labels_lowers_the_loss_and_repeats_itself(name) -> None:
    images = RNG.integers(0, 256, (24, 96, 96, 3), dtype=np.uint8)
    probes = [begun(name), begun(name)]
    losses = [learnt(probe.backbone, images, steps=4) for probe in probes]
    assert losses[0] == losses[1]
    assert losses[0][-1] < losses[0][0]
    assert begun(name).features([images[0]]).shape[1] == {"small_convnet": 256}.get(name, 128)


def test_the_committed_summary_is_that_of_the_committed_tables(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(summary, "FILE", tmp_path / "summary.json")
    summary.main()
    committed = RESULTS / "other_networks.json"
    assert summary.FILE.read_text(encoding="utf-8") == committed.read_text(encoding="utf-8")


def test_recognisers_of_text_are_tuned_on_glyphs() -> None:
    found = tried("ddddocr")
    families = families_of_tasks()
    assert {SUPERFAMILIES[families[name]] for name in found} == {"glyphs"}
    assert set(found) >= {"digits_high", "greek_capitals"}
