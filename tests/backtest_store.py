"""A store with outcomes: the small tasks and relatives of theirs, and experts that help relatives.

A relative's embedding is that of its task, each element times a factor of its own: as near as
another draw of like images would be.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from factories import replace

from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import StoredTask
from task2vec.service.packaged_models import default_model_id, packaged_models, register_packaged
from task2vec.store.store import Store

PROTOCOL = "linear probe, 5 a class"
#: A model's true gain on a task, by (its expert's family or None, the task's family).
Gain = Callable[[str | None, str], float]


def relatives_help(expert: str | None, family: str) -> float:
    """Return a gain: large from the own family, a loss from others, nothing from a plain model."""
    if expert is None:
        return 0.0
    return 0.2 if expert == family else -0.1


def fill(
    source: Path,
    target: Path,
    *,
    relatives: int = 2,
    gain: Gain = relatives_help,
    tasks: int | None = None,
    copies: bool = False,
) -> Path:
    """Copy the small store and add relatives, an expert of every task, and outcomes of all on all.

    ``tasks`` bounds how many tasks get outcomes, by name. With ``copies`` the relatives are copies:
    the same embedding of the same content.
    """
    shutil.copytree(source, target)
    rng = np.random.default_rng(7)
    with Store.open(target, create=True) as store:
        register_packaged(store)
        families = {record.id: record.name for record in store.tasks.list()}
        for record in store.tasks.list():
            for i in range(relatives):
                added = _relative(store, record, number=i, rng=None if copies else rng)
                families[added.id] = record.name
        known = store.tasks.list()
        models = {model.id: None for model in packaged_models()} | {
            store.models.add(_expert(record)).id: record.id for record in known
        }
        store.outcomes.add_many(
            [
                _outcome(
                    model, record, 0.6 + gain(families.get(of or ""), families[record.id]), rng
                )
                for record in known[:tasks]
                for model, of in models.items()
                # Nobody tries an expert on its own task.
                if of != record.id
            ]
        )
    return target


def _relative(
    store: Store, record: StoredTask, *, number: int, rng: np.random.Generator | None
) -> StoredTask:
    embedding = store.tasks.embedding(record.id)
    name = f"{record.name}_{number}"
    if rng is not None:
        factors = np.exp(0.15 * rng.normal(size=embedding.values.shape))
        provenance = replace(embedding.provenance, content_hash=f"{name:0>64}"[-64:])
        values = (embedding.values * factors).astype(np.float32)
        embedding = replace(embedding, values=values, provenance=provenance)
    # Of files of its own, as another draw would be.
    added = replace(
        record, id="", name=name, provenance=embedding.provenance, source="", source_signature=""
    )
    details = store.tasks.details(record.id)
    return store.tasks.add(added, embedding, details=details)


def _expert(record: StoredTask) -> Model:
    return Model(
        id="",
        name=f"expert_{record.name}",
        ref=f"hf-hub:somebody/{record.name}",
        architecture="tf_efficientnet_lite0",
        task=record.id,
        parameters=4_652_008,
        input_size=224,
        licence=None,
        created="",
    )


def _outcome(
    model: str, record: StoredTask, accuracy: float, rng: np.random.Generator
) -> StoredOutcome:
    noise = 0.0 if model == default_model_id() else 0.01 * float(rng.normal())
    return StoredOutcome(
        model=model,
        task=record.id,
        accuracy=float(np.clip(accuracy + noise, 0, 1)),
        protocol=PROTOCOL,
        images=2000,
    )
