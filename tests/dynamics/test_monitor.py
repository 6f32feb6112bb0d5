"""The monitor sees what the definition says, and training does not see the monitor."""

import csv
import json
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from task2vec.dynamics.monitor import SHARE, InformationMonitor
from task2vec.dynamics.trace import TraceSettings
from task2vec.errors import InputError, SettingError
from task2vec.messages.dynamics import Measurement
from task2vec.types import Estimator
from tests.oracles import fisher_by_definition

EXACT = TraceSettings(estimator=Estimator.EXACT, batch_size=5)


def a_network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Conv2d(4, 6, 3, stride=2),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(6 * 9, 3),
    )


def some_images(count: int = 12, *, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 8, 8, generator=generator)
    return images, torch.arange(count) % 3


def train(network: nn.Module, monitor: InformationMonitor | None, steps: int = 6) -> list[float]:
    images, labels = some_images(24, seed=2)
    torch.manual_seed(3)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for step in range(steps):
        rows = torch.randint(0, len(images), (8,))
        network.train()
        loss = nn.functional.cross_entropy(network(images[rows]), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
        if monitor is not None:
            monitor.step(epoch=step / 3)
    return losses


def test_the_trace_is_that_of_the_definition() -> None:
    network = a_network().double()
    network.train()
    network(some_images()[0].double())  # batch statistics of its own
    images, labels = some_images()
    measured = InformationMonitor(network, images.double(), labels, settings=EXACT).measure()
    network.eval()
    by_unit = fisher_by_definition(network, lambda logits: logits, images.double()).mean(dim=0)
    parts = by_unit.split([4, 6, 3])
    expected = [float(part.sum()) * size for part, size in zip(parts, (27, 36, 54), strict=True)]
    assert measured is not None
    found = [layer.trace for layer in measured.layers]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert measured.trace == pytest.approx(sum(expected), rel=1e-6)
    assert [layer.name for layer in measured.layers] == ["0", "3", "7"]
    logits = network(images.double()).detach()
    assert measured.loss == pytest.approx(float(nn.functional.cross_entropy(logits, labels)))
    assert measured.accuracy == float((logits.argmax(dim=1) == labels).double().mean())


def test_signs_are_unbiased_and_their_error_is_told() -> None:
    network = a_network().double().eval()
    images, labels = some_images(60)
    exact = InformationMonitor(network, images.double(), labels, settings=EXACT).measure()
    drawn = [
        InformationMonitor(network, images.double(), labels, settings=TraceSettings(seed=seed))
        for seed in range(40)
    ]
    found = np.array([monitor.measure().trace for monitor in drawn])
    assert exact is not None
    assert found.std() > 0
    assert abs(found.mean() - exact.trace) < 4 * found.std() / np.sqrt(len(found))
    assert 0 < exact.trace_error < exact.trace


def test_training_does_not_notice() -> None:
    plain, watched = a_network(), a_network()
    modes = [module.training for module in watched.modules()]
    monitor = InformationMonitor(watched, *some_images(), every=2)
    assert train(watched, monitor) == train(plain, None)
    for name, value in plain.state_dict().items():
        assert torch.equal(value, watched.state_dict()[name]), name
    assert [module.training for module in watched.modules()] == modes
    assert [each.step for each in monitor.measurements] == [1, 2, 4, 6]
    assert [each.epoch for each in monitor.measurements] == [0, 1 / 3, 1, 5 / 3]


def test_gradients_that_are_being_added_up_stay() -> None:
    network = a_network()
    images, labels = some_images()
    nn.functional.cross_entropy(network(images), labels).backward()
    before = [parameter.grad.clone() for parameter in network.parameters()]
    InformationMonitor(network, images, labels).measure()
    for old, parameter in zip(before, network.parameters(), strict=True):
        assert torch.equal(old, parameter.grad)


def test_frozen_weights_do_not_count() -> None:
    network = a_network().double()
    whole = InformationMonitor(network, some_images()[0].double(), some_images()[1], settings=EXACT)
    everything = whole.measure()
    network[0].weight.requires_grad_(False)
    rest = whole.measure()
    assert [layer.name for layer in rest.layers] == ["3", "7"]
    for layer in rest.layers:
        same = next(each for each in everything.layers if each.name == layer.name)
        assert layer.trace == pytest.approx(same.trace, rel=1e-9)
    network.requires_grad_(False)
    with pytest.raises(SettingError):
        whole.measure()


def test_half_precision_is_measured_in_single() -> None:
    network = a_network().bfloat16()
    images, labels = some_images()
    single = InformationMonitor(deepcopy(network).float(), images, labels).measure()
    half = InformationMonitor(network, images, labels).measure()
    assert half.trace == pytest.approx(single.trace, rel=1e-6)
    assert {p.dtype for p in network.parameters()} == {torch.bfloat16}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = InformationMonitor(deepcopy(network).float(), images, labels).measure()
    assert mixed.trace == single.trace


def test_wrappers_are_looked_through() -> None:
    network = a_network()
    images, labels = some_images()
    plain = InformationMonitor(network, images, labels).measure()
    wrapped = nn.DataParallel(network)
    assert InformationMonitor(wrapped, images, labels).measure().layers == plain.layers
    compiled = torch.compile(network, backend="eager")
    assert InformationMonitor(compiled, images, labels).measure().layers == plain.layers


def test_several_labels_an_image() -> None:
    network = a_network().double()
    images, _ = some_images()
    labels = torch.arange(36).reshape(12, 3) % 2
    measured = InformationMonitor(network, images.double(), labels, settings=EXACT).measure()
    network.eval()
    logits = network(images.double()).detach()
    expected = nn.functional.binary_cross_entropy_with_logits(logits, labels.double()) * 3
    assert measured.loss == pytest.approx(float(expected))
    total = torch.zeros(())
    weights = [network[i].weight for i in (0, 3, 7)]
    for image in images.double():
        for logit in network(image[None])[0]:
            p = torch.sigmoid(logit.detach())
            gradients = torch.autograd.grad(logit, weights, retain_graph=True)
            total = total + p * (1 - p) * sum(g.square().sum() for g in gradients)
    assert measured.trace == pytest.approx(float(total) / 12, rel=1e-6)


def test_vectors_are_inputs_too() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    inputs, labels = torch.randn(9, 5, dtype=torch.float64), torch.arange(9) % 3
    measured = InformationMonitor(network, inputs, labels, settings=EXACT).measure()
    by_unit = fisher_by_definition(network, lambda logits: logits, inputs).mean(dim=0)
    sizes = torch.tensor([5.0] * 4 + [4.0] * 3)
    assert measured.trace == pytest.approx(float(by_unit.double() @ sizes.double()), rel=1e-6)


def test_by_default_it_takes_a_tenth_of_the_time() -> None:
    network = a_network()
    monitor = InformationMonitor(network, *some_images())
    train(network, monitor, steps=400)
    first, *later = monitor.measurements
    assert later, "training is long enough for a second one"
    own = later[-1].seconds - sum(each.cost for each in [first, *later[:-1]])
    assert sum(each.cost for each in [first, *later[:-1]]) <= SHARE * own + later[-1].cost


@pytest.mark.parametrize("name", ["run.csv", "run.jsonl"])
def test_files_hold_what_was_measured(tmp_path, name: str) -> None:
    network = a_network()
    monitor = InformationMonitor(network, *some_images(), every=3, path=tmp_path / name)
    train(network, monitor)
    text = (tmp_path / name).read_text()
    assert len(monitor.measurements) == 3
    if name.endswith("jsonl"):
        assert [Measurement(**json.loads(line)) for line in text.splitlines()] == (
            monitor.measurements
        )
    else:
        rows = list(csv.DictReader(text.splitlines()))
        assert [int(row["step"]) for row in rows] == [1, 3, 6]
        for row, each in zip(rows, monitor.measurements, strict=True):
            assert float(row["trace"]) == each.trace
            assert float(row["trace of 3"]) == each.layers[1].trace


def test_what_does_not_fit_is_refused(tmp_path) -> None:
    network, (images, labels) = a_network(), some_images()
    with pytest.raises(SettingError, match="label"):
        InformationMonitor(network, images, labels[:-1])
    with pytest.raises(SettingError, match="every"):
        InformationMonitor(network, images, labels, every=0)
    with pytest.raises(SettingError, match="estimator"):
        TraceSettings(estimator=Estimator.EMPIRICAL)
    with pytest.raises(InputError, match="csv"):
        InformationMonitor(network, images, labels, path=tmp_path / "run.txt")
    with pytest.raises(SettingError, match="logits"):
        InformationMonitor(network[:4], images, labels).measure()
    with pytest.raises(SettingError, match="labels"):
        InformationMonitor(network, images, labels + 3).measure()
    modes = [module.training for module in network.modules()]
    assert all(modes), "a refusal leaves the network in training"
