"""What this package offers to task2vec's probe registry."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from task2vec.probe.card import ProbeCard, read_card

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

_CARDS = Path(__file__).parent / "cards"


class ShippedProbes:
    """The cards beside this file; references to the hub and to local files."""

    @cache  # noqa: B019 - there is one instance, and the cards do not change
    def cards(self) -> tuple[ProbeCard, ...]:
        """Return the shipped cards, by name."""
        return tuple(read_card(path) for path in sorted(_CARDS.glob("*.toml")))

    def resolve(self, reference: str) -> ProbeCard | None:
        """Return the card of a ``timm:``, ``hf-hub:`` or ``file:`` reference, else None."""
        # timm takes seconds to import: only who needs it pays.
        if reference.startswith("timm:"):
            from task2vec_probes.hub import timm_card

            return timm_card(reference)
        if reference.startswith("hf-hub:"):
            from task2vec_probes.hub import hub_card

            return hub_card(reference)
        if reference.startswith("file:"):
            from task2vec_probes.file import file_card

            return file_card(reference)
        return None

    def load(self, card: ProbeCard) -> "Probe | None":
        """Load a card by the scheme of its weights, else None."""
        from task2vec_probes.backbones import build

        if card.packaged:
            from task2vec_probes.packaged import packaged_state

            return build(card, packaged_state(card))
        if card.weights.startswith(("timm:", "hf-hub:")):
            from task2vec_probes.hub import hub_state

            state, pinned = hub_state(card.weights)
            return build(replace(card, weights=pinned), state)
        if card.weights.startswith("file:"):
            from task2vec.probe.weights import read_safetensors

            state, _ = read_safetensors(Path(card.weights.removeprefix("file:")))
            return build(card, state)
        return None
