"""How many parameters a model counts as: those that its architecture is published with.

A published count includes ImageNet's classifier, while a file counts with whatever head it has. The
same network is one size to a limit, so that an expert counts as the model that it descends from.
Stored records keep what their file holds; what is shown and compared comes from here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from task2vec.probe.registry import known_cards
from task2vec.recommend.published.models import by_name, published_model
from task2vec.service.models.experts import STORED
from task2vec.types import ModelRecord

_OWN_HEAD = ("file:", STORED)


def as_published(
    models: Iterable[ModelRecord], *, among: Iterable[ModelRecord]
) -> list[ModelRecord]:
    """Return the models with the ``parameters`` that they count as, None where nobody knows.

    ``among`` are all that there are, where experts find their starts. Of an architecture that is
    not published the count is that of the file.
    """
    by_id = {model.id: model for model in among}
    return [replace(model, parameters=_count(model, by_id)) for model in models]


def _count(model: ModelRecord, by_id: Mapping[str, ModelRecord]) -> int | None:
    plain = _ancestor(model, by_id)
    if plain.parameters is not None and not plain.ref.startswith(_OWN_HEAD):
        return plain.parameters
    architecture = plain.architecture
    for card in known_cards():
        if card.architecture == architecture and card.parameters is not None:
            return card.parameters
    for published in (published_model(plain), by_name(architecture)):
        if published is not None and published.parameters is not None:
            return published.parameters
    return plain.parameters


def _ancestor(model: ModelRecord, by_id: Mapping[str, ModelRecord]) -> ModelRecord:
    """Return the first of the starts that are still there."""
    seen = set[str]()
    while model.start is not None and model.start in by_id and model.start not in seen:
        seen.add(model.start)
        model = by_id[model.start]
    return model
