"""Which outcomes of a bundle can be used here: those of the very models that are packaged here."""

from task2vec.data.wording import examples, plural
from task2vec.embedding.bundle import BundleContent
from task2vec.messages.outcomes import StoredOutcome
from task2vec.probe.registry import known_cards
from task2vec.service.packaged_models import packaged_models


def packaged_weights() -> dict[str, str]:
    """Return the SHA-256 of the weights of each packaged model, by its name."""
    return {
        card.name: card.file_sha256
        for card in known_cards()
        if card.packaged and card.file_sha256 is not None
    }


def usable_outcomes(content: BundleContent) -> tuple[list[StoredOutcome], tuple[str, ...]]:
    """Return the outcomes of models that are here, tasks by name, and what is said of others."""
    weights = packaged_weights()
    ids = {model.name: model.id for model in packaged_models()}
    lacking = sorted(name for name, found in content.models.items() if weights.get(name) != found)
    outcomes = [
        StoredOutcome.model_validate(
            {**outcome.model_dump(), "model": ids[outcome.model], "details": {}}
        )
        for outcome in content.outcomes
        if outcome.model not in lacking
    ]
    left = len(content.outcomes) - len(outcomes)
    if not left:
        return outcomes, ()
    return outcomes, (
        f"{plural(left, 'outcome')} left out, of models that are not installed here, or with other "
        f"weights: {examples(lacking)}",
    )
