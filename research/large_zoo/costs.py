"""What it takes to try a model on a target, in seconds of one core.

``python -m research.large_zoo.costs`` measures, as `research.transfer.costs` does: seconds of the
processor, since other work on the machine must not decide. That the models here share their trunk
helps nobody: each counts as a network of its own, to be loaded and passed through.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from time import process_time

import torch

from benchmarks.machine import describe
from research import RESULTS
from research.development.tasks import development_tasks
from research.large_zoo.draws import SHOTS
from research.large_zoo.images import default_stage, task_images
from research.large_zoo.outcomes import Answers, Target
from research.transfer.targets import Target as DrawnTarget
from research.transfer.zoo import DEFAULT, plain_model
from task2vec.data.open import open_source
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.registry import load_probe

OUT = RESULTS / "large_zoo_costs.json"
_BATCH, _TIMED_IMAGES, _TIMES = 16, 64, 3


@dataclass(frozen=True)
class TargetCosts:
    """Seconds on the ``images`` of a target: to ``embed`` them, and of each score of a model."""

    images: int
    embed: float
    logme: float
    ridge: float
    held_out: float


@dataclass(frozen=True)
class Costs:
    """Seconds to ``load`` a model and to pass an ``image``; ``targets`` by shots and name."""

    load: float
    image: float
    targets: dict[int, dict[str, TargetCosts]]

    def passed(self, images: int) -> float:
        """Return what it takes to load a model and to pass images through it."""
        return self.load + images * self.image


def read_costs() -> Costs:
    """Read what was measured."""
    found = json.loads(OUT.read_text(encoding="utf-8"))
    targets = {
        int(shots): {name: TargetCosts(**costs) for name, costs in by_name.items()}
        for shots, by_name in found["targets"].items()
    }
    return Costs(found["load"], found["image"], targets)


def main() -> None:
    """Measure, and write the table."""
    torch.set_num_threads(1)
    keep_freed_memory()
    load = _seconds(partial(plain_model, DEFAULT))
    model = plain_model(DEFAULT)
    tasks = development_tasks()
    some = DrawnTarget(tasks["clipart_people"], model.probe).images[:_TIMED_IMAGES]
    image = _seconds(partial(model.probe.features, some, batch_size=_BATCH)) / len(some)
    targets: dict[str, dict[str, dict[str, float]]] = {str(shots): {} for shots in SHOTS}
    for name in tasks:
        for shots in SHOTS:
            found = asdict(_target(name, shots))
            targets[str(shots)][name] = {key: round(value, 4) for key, value in found.items()}
        print(name, targets[str(SHOTS[0])][name], flush=True)
    document = {"machine": describe(), "load": load, "image": image, "targets": targets}
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _target(name: str, shots: int) -> TargetCosts:
    stage = default_stage()
    target = Target(task_images(name), stage)
    answers = Answers(target, stage)
    images = len(target.draws[0].train[shots])
    embedder = Embedder(load_probe(DEFAULT), EmbeddingSettings(images=images))
    return TargetCosts(
        images=images,
        embed=_seconds(lambda: embedder.embed(open_source(development_tasks()[name].folder)), 1),
        logme=_seconds(lambda: answers.logme(shots)),
        ridge=_seconds(lambda: answers.ridge_error(shots)),
        held_out=_seconds(lambda: answers.held_out(shots)),
    )


def _seconds(work: Callable[[], object], times: int = _TIMES) -> float:
    """Return the least of some times: what else the process does must not count."""
    found = []
    for _ in range(times):
        began = process_time()
        work()
        found.append(process_time() - began)
    return min(found)


if __name__ == "__main__":
    main()
