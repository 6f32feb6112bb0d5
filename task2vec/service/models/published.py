"""Published figures of models, within limits: what there is to register, and at what cost."""

from collections.abc import Sequence

from task2vec.messages.models import Model
from task2vec.messages.published import Figure, PublishedFigures, PublishedModel, PublishedQuestion
from task2vec.recommendation.published.listing import Listed, list_published
from task2vec.recommendation.published.models import DEFAULT, published_models, published_sources
from task2vec.recommendation.published.prior import prior_gain
from task2vec.service.models.limits import allowed, within


def page_of_published(
    question: PublishedQuestion, *, limit: int | None = None, after: int = 0
) -> tuple[list[PublishedModel], int | None]:
    """Return up to ``limit`` models, all unless given, from number ``after`` on.

    Beside them is the number of the first one behind them, None at the end.
    """
    models = [each for each in _listed(question) if each.pareto or not question.pareto]
    end = len(models) if limit is None else after + limit
    return [*map(_answer, models[after:end])], None if end >= len(models) else end


def _listed(question: PublishedQuestion) -> Sequence[Listed]:
    models = (
        model
        for model in published_models().values()
        if allowed(model, question) and within(model.operations, question.max_operations)
    )
    return list_published(models, figure=question.figure, costs=question.costs, order=question.sort)


def _answer(listed: Listed) -> PublishedModel:
    model, source = listed.model, published_sources()["timm"]
    record = Model(
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
    # What `recommend` expects of the model before anything is measured.
    gain = prior_gain(record)
    return PublishedModel(
        name=model.name,
        ref=record.ref,
        architecture=model.architecture,
        is_default=model.name == DEFAULT,
        accuracy=listed.accuracy,
        pareto=listed.pareto,
        parameters=model.parameters,
        operations=model.operations,
        input_size=model.input_size,
        licence=model.licence,
        figures=PublishedFigures(**{figure.value: getattr(model, figure) for figure in Figure}),
        expected_gain=None if gain is None else gain.mean,
        expected_gain_sd=None if gain is None else gain.sd,
        source=f"https://github.com/{source.source}/tree/{source.revision}/results",
    )
