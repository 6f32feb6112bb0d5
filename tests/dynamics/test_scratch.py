"""Training from scratch, with and without something wrong with the images."""

import pytest
import torch
from torch import Tensor

from task2vec.dynamics.deficits import DEFICITS, Deficit
from task2vec.dynamics.networks import NETWORKS, build_network
from task2vec.dynamics.scratch import Images, ScratchSettings, ScratchTraining
from task2vec.errors import SettingError, UnknownNameError


def bars(count: int = 48) -> Images:
    """Return noisy images of stripes across, upright or aslant: a task that is learnt."""
    generator = torch.Generator().manual_seed(0)
    images = 0.3 * torch.randn(count, 1, 12, 12, generator=generator)
    labels = torch.arange(count) % 3
    down, right = torch.meshgrid(torch.arange(12), torch.arange(12), indexing="ij")
    stripes = [(place // 2 % 2).float() for place in (down, right, down + right)]
    for image, label in zip(images, labels.tolist(), strict=True):
        image[0] += 2 * stripes[label]
    return Images(images, labels)


def training(deficit: Deficit | None = None, **settings: object) -> ScratchTraining:
    wanted = ScratchSettings(**{"network": "cnn", "batch": 16, "shift": 1, **settings})
    return ScratchTraining(bars(), classes=3, settings=wanted, deficit=deficit)


def weights(run: ScratchTraining) -> list[Tensor]:
    return list(run.network.state_dict().values())


def same(one: ScratchTraining, other: ScratchTraining) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_logits_and_is_the_same_for_a_seed(name: str, norm: bool) -> None:
    network = build_network(name, channels=1, classes=5, norm=norm, seed=3)
    again = build_network(name, channels=1, classes=5, norm=norm, seed=3)
    inputs = torch.randn(2, 1, 16, 16)
    assert network.eval()(inputs).shape == (2, 5)
    assert torch.equal(network(inputs), again.eval()(inputs))
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert bool(norms) is norm


def test_those_of_timm_are_built_and_others_refused() -> None:
    network = build_network("test_resnet", channels=1, classes=5)
    assert network.eval()(torch.randn(2, 1, 32, 32)).shape == (2, 5)
    with pytest.raises(UnknownNameError, match="all-cnn"):
        build_network("resnet-of-nobody", channels=1, classes=5)


def test_it_learns() -> None:
    run = training()
    before = run.accuracy(bars())
    for _ in range(12):
        run.run_epoch()
    assert before < 0.7
    assert run.accuracy(bars()) > 0.9


def test_testing_after_a_step_changes_nothing() -> None:
    plain, tested = training(), training()
    plain.run_epoch()
    tested.run_epoch(lambda: tested.accuracy(bars()))
    assert same(plain, tested)


def test_a_run_goes_on_as_if_nothing_had_happened() -> None:
    through, broken = training(), training()
    for _ in range(3):
        through.run_epoch()
    broken.run_epoch()
    state = broken.state()
    broken.run_epoch()  # does not change what was kept
    later = training(seed=9)
    later.restore(state)
    for _ in range(2):
        later.run_epoch()
    assert same(through, later)


def test_a_deficit_holds_in_its_window_alone() -> None:
    plain, late = training(), training(Deficit("flip", start=1, end=2))
    plain.run_epoch()
    late.run_epoch()
    assert same(plain, late), "before the window"
    plain.run_epoch()
    late.run_epoch()
    assert not same(plain, late), "within it"
    images = bars()
    seen = [
        Deficit("flip", start=1, end=2).seen(images.images, images.labels, 3, epoch=e)
        for e in range(3)
    ]
    assert torch.equal(seen[0][0], images.images)
    assert torch.equal(seen[1][0], images.images.flip(-2))
    assert torch.equal(seen[2][0], images.images)


def test_what_the_deficits_do() -> None:
    images = torch.randn(6, 1, 32, 32)
    labels = torch.arange(6) % 3
    blurred, kept = DEFICITS["blur"](images, labels, 3)
    assert torch.equal(kept, labels)
    assert blurred.shape == images.shape
    blocks = torch.nn.functional.avg_pool2d(images, 4)
    # Of white noise, averages over 4 x 4 pixels keep a 16th of the power, between them less.
    assert blurred.var() < 1 / 16
    assert (
        torch.corrcoef(
            torch.stack([torch.nn.functional.avg_pool2d(blurred, 4).flatten(), blocks.flatten()])
        )[0, 1]
        > 0.9
    )
    _, permuted = DEFICITS["labels"](images, labels, 3)
    assert permuted.tolist() == [1, 2, 0, 1, 2, 0]
    noisy, _ = DEFICITS["noise"](images + 5, labels, 3)
    assert abs(float(noisy.mean()) - float(images.mean()) - 5) < 0.1
    assert not torch.equal(noisy, images + 5)

    def darker(images: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
        return images - classes, labels

    own = Deficit(darker, end=1)
    assert own.name == "darker"
    assert torch.equal(own.seen(images, labels, 3, epoch=0)[0], images - 3)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(SettingError, match="rate"):
        ScratchSettings(rate=0)
    with pytest.raises(UnknownNameError, match="blur"):
        Deficit("fog", end=2)
    with pytest.raises(SettingError, match="start"):
        Deficit("blur", start=3, end=2)
