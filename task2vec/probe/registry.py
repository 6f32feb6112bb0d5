"""Finds probes: by name among the installed probe packages, or by a reference."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from task2vec.errors import SettingError, UnknownNameError
from task2vec.probe.card import ProbeCard
from task2vec.types import CountedLayers
from task2vec.types.near_names import did_you_mean

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

DEFAULT_PROBE = "efficientnet_lite0"


class ProbeSource(Protocol):
    """What a probe package offers under the entry point group ``task2vec.probes``."""

    def cards(self) -> tuple[ProbeCard, ...]:
        """Return the cards of the probes that the package knows by name."""

    def resolve(self, reference: str) -> ProbeCard | None:
        """Return the card of a reference such as ``timm:resnet50.a1_in1k``, or None."""

    def load(self, card: ProbeCard) -> "Probe | None":
        """Load a card that this package can load; None when it is not one of its own."""


@lru_cache
def probe_sources() -> tuple[ProbeSource, ...]:
    """Return what the installed probe packages offer, in the order of their names."""
    points = sorted(entry_points(group="task2vec.probes"), key=lambda point: point.name)
    return tuple(point.load() for point in points)


def known_cards() -> Iterator[ProbeCard]:
    """Yield the cards of all installed probe packages."""
    for source in probe_sources():
        yield from source.cards()


def find_card(reference: str) -> ProbeCard:
    """Return the card of a probe's name or reference.

    ``?input_size=PIXELS`` behind it makes the same network look at another resolution,
    ``?layers=all`` counts other layers than the card does; ``&`` joins the two.

    Raises `UnknownNameError` with the known names, `SettingError` for other options.
    """
    if not reference.startswith("file:"):
        base, _, query = reference.partition("?")
    else:
        base, query = reference, ""
    card = next((card for card in known_cards() if card.name == base), None)
    if card is None:
        resolved = (source.resolve(base) for source in probe_sources())
        card = next((card for card in resolved if card is not None), None)
    if card is None:
        names = [card.name for card in known_cards()]
        raise UnknownNameError(
            "There is no such probe",
            expected=f"one of {', '.join(names)}, or timm:NAME, or file:PATH.safetensors?arch=NAME",
            got=reference,
            remedy=did_you_mean(base, names) or "See `task2vec probes`.",
        )
    return _with_options(card, query) if query else card


def elements_by(fingerprint: str) -> int | None:
    """Return how many elements an embedding by this probe has; None where no card states it."""
    return next(
        (
            card.elements
            for card in known_cards()
            if card.weights_sha256 and card.fingerprint(card.weights_sha256) == fingerprint
        ),
        None,
    )


def load_probe(reference: str) -> "Probe":
    """Load a probe by name or reference.

    Raises `UnknownNameError`, and `WeightsError` when the weights are missing or altered.
    """
    return load_card(find_card(reference))


def load_card(card: ProbeCard) -> "Probe":
    """Load the probe of a card; raises as `load_probe` does."""
    for source in probe_sources():
        probe = source.load(card)
        if probe is not None:
            return probe
    raise UnknownNameError("No installed probe package can load this probe", got=card.weights)


def _with_options(card: ProbeCard, query: str) -> ProbeCard:
    options = parse_qs(query, keep_blank_values=True)
    complete = all(all(values) for values in options.values())
    size, layers = (options.pop(name, [""]) for name in ("input_size", "layers"))
    # No more digits than any size has: int() has its own, rude limit.
    readable = re.fullmatch(r"[0-9]{0,5}", size[-1]) and len(size) == len(layers) == 1
    if options or not readable or not complete:
        raise SettingError(
            "Unknown probe option",
            expected=f"?input_size=PIXELS or ?layers={'|'.join(CountedLayers)}, or both with &",
            got=f"?{query}",
        )
    other = card.counting(layers[0]) if layers[0] else card
    other = other.at(int(size[0])) if size[0] else other
    # What is as on the card is not said, so that one probe has one name.
    changed = []
    if other.preprocessing != card.preprocessing:
        changed.append(f"input_size={other.preprocessing.input_size}")
    if other.layers != card.layers:
        changed.append(f"layers={other.layers}")
    return replace(other, options="?" + "&".join(changed)) if changed else card
