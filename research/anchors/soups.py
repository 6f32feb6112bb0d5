"""Soups and concatenations of the default and near experts: ``python -m research.anchors.soups``.

A soup averages the weights of networks of one architecture, here the default's with those of the
nearest experts, each by its kernel with the target. A concatenation keeps the features of all. Both
are probed on one task of each family, with 5 images a class, beside the default and the nearest
expert alone. Nearest is what the gain model takes the source for: by images and by what is asked.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from torch import Tensor

from research import RESULTS
from research.anchors.likeness import likeness_of_tasks
from research.development.tasks import DevelopmentTask, development_tasks
from research.transfer.features import BATCH, Features
from research.transfer.outcomes import draw_answers
from research.transfer.report import LeftOut
from research.transfer.tables import Transfer, read_transfer
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, Starting, expert, plain_model
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.probe.probe import Probe
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.evidence.world import Matrix
from task2vec.recommendation.gain_model.kernel import Scales

OUT = RESULTS / "anchors_soups.json"
COUNTS = (1, 3, 5)
MODES = (LeftOut.TASK, LeftOut.FAMILY)
#: Of each target at most: fewer than `research.transfer` has, to spare passes.
IMAGES = 240
NEAREST = "nearest expert"


def main() -> None:
    """Probe all, and write gains in points over the default and over the nearest expert."""
    torch.set_num_threads(1)
    keep_freed_memory()
    default = plain_model(DEFAULT)
    transfer = read_transfer(Budget.FEW, distance="plain")
    like = likeness_of_tasks(transfer.world, Scales())
    tasks = one_of_each_family(development_tasks())
    gains: dict[str, dict[str, list[float]]] = {mode: {} for mode in MODES}
    targets: dict[str, Any] = {}
    for task in tasks:
        began = time.process_time()
        target = Target(task, default.probe, images=IMAGES)
        features = _features(default.probe, target)
        plain = _accuracy(features, target)
        kept: dict[tuple[str, ...], dict[str, float]] = {}
        of_modes: dict[str, Any] = {}
        for mode in MODES:
            near = nearest(transfer, like, task.name, mode=mode, count=max(COUNTS))
            if tuple(near) not in kept:
                kept[tuple(near)] = _probed(target, default, near, features=features)
            found = {name: round(each, 4) for name, each in kept[tuple(near)].items()}
            of_modes[mode] = {"experts": list(near), "accuracies": found}
            for name, accuracy in kept[tuple(near)].items():
                gains[mode].setdefault(name, []).append(100 * (accuracy - plain))
        targets[task.name] = {
            "family": task.family,
            "default": round(plain, 4),
            "left out": of_modes,
        }
        seconds = time.process_time() - began
        print(f"{task.name}: {targets[task.name]}, {seconds:.0f} s", flush=True)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "targets": targets,
        "draws": Budget.FEW.draws,
        "result": {mode: summary(found) for mode, found in gains.items()},
    }
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(document["result"], indent=1))


def one_of_each_family(tasks: Mapping[str, DevelopmentTask]) -> list[DevelopmentTask]:
    """Return the first task of each family, by name."""
    first: dict[str, DevelopmentTask] = {}
    for name in sorted(tasks):
        first.setdefault(tasks[name].family, tasks[name])
    return list(first.values())


def nearest(
    transfer: Transfer, like: Matrix, target: str, *, mode: LeftOut, count: int
) -> dict[str, float]:
    """Return the experts whose tasks are most ``like`` (T, T) the target, and how much, in order.

    None is of the target itself, nor of what is left out with it.
    """
    world = transfer.world
    place = world.tasks.index(target)
    families = mode.families(transfer)
    left = [
        i == place or (mode is not LeftOut.TASK and families[i] == families[place])
        for i in range(len(world.tasks))
    ]
    order = np.argsort(-np.where(left, -1.0, like[:, place]), kind="stable")[:count]
    return {world.tasks[i]: float(like[i, place]) for i in order}


def averaged(states: Sequence[Mapping[str, Tensor]], weights: Sequence[float]) -> dict[str, Tensor]:
    """Return the mean of state dicts by ``weights``, which need not add up to 1.

    Running means and variances of batch normalisation are averaged like weights; whole numbers,
    which only count batches, are the first one's.
    """
    shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    return {
        name: torch.stack([float(w) * s[name] for w, s in zip(shares, states, strict=True)]).sum(
            dim=0
        )
        if tensor.is_floating_point()
        else tensor
        for name, tensor in states[0].items()
    }


def concatenated(blocks: Sequence[Features]) -> Features:
    """Return (N, K D) features of K networks, scaled so that products are the blocks' means.

    So the penalty of a linear probe means the same however many networks there are.
    """
    found: Features = np.concatenate(blocks, axis=1) / np.sqrt(np.float32(len(blocks)))
    return found


def summary(gains: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return mean gains over the default and over the nearest expert; each target is a family."""
    single = np.array(gains[NEAREST])
    return {
        name: {"gain": _shown(np.array(found)), "over nearest": _shown(np.array(found) - single)}
        for name, found in gains.items()
    }


def _probed(
    target: Target, default: Starting, near: Mapping[str, float], *, features: Features
) -> dict[str, float]:
    """Return the accuracies of the nearest expert, of soups and of concatenations."""
    tasks = development_tasks()
    experts = [expert(tasks[name], default.probe, print) for name in near]
    single = _features(experts[0].probe, target)
    found = {NEAREST: single, "default and nearest side by side": concatenated([features, single])}
    states = [model.probe.backbone.state_dict() for model in (default, *experts)]
    weights = [1.0, *near.values()]
    for count in COUNTS:
        soup = averaged(states[: count + 1], weights[: count + 1])
        backbone = expert(tasks[next(iter(near))], default.probe, print).probe.backbone
        backbone.load_state_dict(soup)
        found[f"soup of {count}"] = _features(Probe(default.probe.card, backbone), target)
    return {name: _accuracy(each, target) for name, each in found.items()}


def _features(probe: Probe, target: Target) -> Features:
    features: Features = probe.features(target.images, batch_size=BATCH).numpy()
    return features


def _accuracy(features: Features, target: Target) -> float:
    """Return the mean accuracy of linear probes on the draws of few images."""
    return float(np.nanmean(draw_answers(features, target, Budget.FEW), axis=1).mean())


def _shown(values: Matrix) -> list[float]:
    found = over_tasks(values)
    return [round(value, 2) for value in (found.value, found.low, found.high)]


if __name__ == "__main__":
    main()
