"""What an answer takes, in seconds of one core: ``python -m research.transfer.costs``.

Embedding a target's images, reading them included, loading a starting model, passing the images
through it, and each of the scores. Seconds of the processor, not of the clock: other work on the
machine must not decide.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import process_time

import torch

from benchmarks.machine import describe
from research import RESULTS
from research.development.tasks import DevelopmentTask, development_tasks
from research.scores.score import SCORES
from research.scores.seen import Seen
from research.transfer.features import source_logits
from research.transfer.scores import or_nan
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, PLAIN, Starting, plain_model
from task2vec.data.open import open_source
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.registry import load_probe

OUT = RESULTS / "transfer_costs.json"
_BATCH = 16
_TIMED_IMAGES = 64


@dataclass(frozen=True, eq=False)
class Costs:
    """Seconds: to ``load`` a plain model and to pass an ``image`` through it, by name.

    ``targets`` are, by budget and name, those of a target's first draw: to ``embed`` it, and of
    each score by its name; and how many ``images`` it has.
    """

    load: dict[str, float]
    image: dict[str, float]
    targets: dict[str, dict[str, dict[str, float]]]

    def passed(self, model: str, *, images: int) -> float:
        """Return what it takes to load a model and to pass images through it.

        An expert is a network like the default, and as long to load.
        """
        name = model if model in self.load else DEFAULT
        return self.load[name] + images * self.image[name]


def read_costs() -> Costs:
    """Read what was measured."""
    found = json.loads(OUT.read_text(encoding="utf-8"))
    return Costs(found["load"], found["image"], found["targets"])


def main() -> None:
    """Measure, and write the table."""
    torch.set_num_threads(1)
    keep_freed_memory()
    tasks = development_tasks()
    load = {name: _seconds(partial(plain_model, name)) for name in PLAIN}
    plain = {name: plain_model(name) for name in PLAIN}
    first = Target(next(iter(tasks.values())), plain[DEFAULT].probe)
    some = first.images[:_TIMED_IMAGES]
    image = {
        name: _seconds(partial(model.probe.features, some, batch_size=_BATCH)) / len(some)
        for name, model in plain.items()
    }
    probe = load_probe(DEFAULT)
    targets: dict[str, dict[str, dict[str, float]]] = {str(budget): {} for budget in Budget}
    for name, task in tasks.items():
        target = Target(task, plain[DEFAULT].probe)
        for budget in Budget:
            found = _target(target, budget, plain[DEFAULT])
            settings = EmbeddingSettings(images=int(found["images"]))
            found["embed"] = _seconds(partial(_embed, task, Embedder(probe, settings)))
            targets[budget][name] = {key: round(value, 4) for key, value in found.items()}
        print(name, targets[Budget.FEW][name], flush=True)
    document = {"machine": describe(), "load": load, "image": image, "targets": targets}
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _embed(task: DevelopmentTask, embedder: Embedder) -> None:
    embedder.embed(open_source(task.folder))


def _target(target: Target, budget: Budget, model: Starting) -> dict[str, float]:
    draw = next(target.draws(budget))
    images = [target.images[i] for i in draw.train]
    features = model.probe.features(images, batch_size=_BATCH).numpy()
    seen = Seen(
        features=features,
        labels=target.labels[draw.train],
        classes=target.classes,
        source_logits=source_logits(model, features),
    )
    found = {"images": float(len(images))}
    for name, score in SCORES.items():
        # A score that cannot be told takes what it takes to find out.
        found[str(name)] = _seconds(partial(or_nan, partial(score, seen)))
    return found


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


if __name__ == "__main__":
    main()
