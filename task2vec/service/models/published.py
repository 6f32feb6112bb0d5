"""Published figures of models, within limits: what there is to register, and at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from task2vec.errors import SettingError
from task2vec.recommend.published.listing import Listed, list_published
from task2vec.recommend.published.lookup import DEFAULT
from task2vec.recommend.published.models import PublishedModel, published_models, published_sources
from task2vec.recommend.published.prior import PriorGain, prior_gain
from task2vec.service.models.limits import Limits, within
from task2vec.types import ModelRecord
from task2vec.types.published import Cost, Figure, Order


@dataclass(frozen=True)
class PublishedQuestion:
    """Which published models are wanted: those within ``limits``, and how they are listed.

    ``max_operations`` are multiply-adds for one image. With ``pareto`` only models count that no
    other within the limits beats: as accurate by ``figure`` at no higher ``costs``. Raises
    `SettingError` for no costs and for a limit below 1.
    """

    limits: Limits = field(default_factory=Limits)
    max_operations: int | None = None
    figure: Figure = Figure.IMAGENET
    costs: tuple[Cost, ...] = (Cost.PARAMETERS,)
    pareto: bool = True
    order: Order = Order.ACCURACY

    def __post_init__(self) -> None:
        if not self.costs:
            raise SettingError(
                "Without a cost nothing is traded",
                expected=f"some of {', '.join(Cost)}",
                got="none",
            )
        if self.max_operations is not None and self.max_operations < 1:
            raise SettingError(
                "The limit on operations lets nothing pass",
                expected="at least 1",
                got=str(self.max_operations),
            )


@dataclass(frozen=True)
class PublishedPage:
    """Some of the models; ``next`` is the number of the first one behind them, None at the end."""

    models: tuple[dict[str, Any], ...]
    next: int | None


def page_of_published(
    question: PublishedQuestion, *, limit: int | None = None, after: int = 0
) -> PublishedPage:
    """Return up to ``limit`` models, all unless told, from number ``after`` on, with sources."""
    found = [each for each in _listed(question) if each.pareto or not question.pareto]
    end = len(found) if limit is None else after + limit
    return PublishedPage(tuple(map(_told, found[after:end])), None if end >= len(found) else end)


def _listed(question: PublishedQuestion) -> Sequence[Listed]:
    allowed = (
        model
        for model in published_models().values()
        if question.limits.allow(model) and within(model.operations, question.max_operations)
    )
    return list_published(
        allowed, figure=question.figure, costs=question.costs, order=question.order
    )


def _told(listed: Listed) -> dict[str, Any]:
    model, source = listed.model, published_sources()["timm"]
    gain = _gain(model)
    return {
        "name": model.name,
        "ref": f"timm:{model.name}",
        "architecture": model.architecture,
        "is_default": model.name == DEFAULT,
        "accuracy": listed.accuracy,
        "pareto": listed.pareto,
        "parameters": model.parameters,
        "operations": model.operations,
        "input_size": model.input_size,
        "licence": model.licence,
        "figures": {figure.value: getattr(model, figure) for figure in Figure},
        "expected_gain": None if gain is None else gain.mean,
        "expected_gain_sd": None if gain is None else gain.sd,
        "source": f"https://github.com/{source.source}/tree/{source.revision}/results",
    }


def _gain(model: PublishedModel) -> PriorGain | None:
    """Return what `recommend` expects of the model before anything is measured."""
    return prior_gain(
        ModelRecord(
            id="",
            name=model.name,
            ref=f"timm:{model.name}",
            architecture=model.architecture,
            task=None,
            parameters=model.parameters,
            input_size=model.input_size,
            licence=model.licence,
            created="",
        )
    )
