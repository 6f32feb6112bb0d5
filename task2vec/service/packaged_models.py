"""The starting models whose weights come with an installed package."""

from contextlib import suppress

from task2vec.errors import NameTakenError
from task2vec.messages.models import Model
from task2vec.probe.card import ProbeCard
from task2vec.probe.registry import DEFAULT_PROBE, known_cards
from task2vec.store.store import Store


def packaged_models() -> list[Model]:
    """Return the models whose weights come with an installed package, the default first.

    Their ids are fixed, so that a model is the same in every store.
    """
    cards = [card for card in known_cards() if card.packaged]
    cards.sort(key=lambda card: (card.name != DEFAULT_PROBE, card.name))
    return [model_of_card(card, id_=_packaged_id(card.name), ref=card.name) for card in cards]


def default_model_id() -> str:
    """Return the id of the plain default, which gains are measured against."""
    return _packaged_id(DEFAULT_PROBE)


def register_packaged(store: Store) -> None:
    """Add the packaged models that the store does not have yet."""
    known = {model.id for model in store.models.list()}
    names = {model.name for model in store.models.list()}
    for model in packaged_models():
        if model.id not in known and model.name not in names:
            # Another process that starts on the same store may have added it since.
            with suppress(NameTakenError):
                store.models.add(model)


def _packaged_id(name: str) -> str:
    return f"mdl_{name}"


def model_of_card(
    card: ProbeCard, *, id_: str, ref: str, name: str | None = None, task: str | None = None
) -> Model:
    """Return the record of a starting model that a probe card describes."""
    return Model(
        id=id_,
        name=name or card.name,
        ref=ref,
        architecture=card.architecture,
        task=task,
        parameters=card.parameters,
        input_size=card.preprocessing.input_size,
        licence=card.licence,
        created="",
    )
