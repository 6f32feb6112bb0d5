"""The world of what is known: gains, distances, what tasks ask and what models promise."""

from collections.abc import Sequence

import numpy as np

from task2vec.distance.scatter import compare_scatters, of_one_network
from task2vec.messages.models import Model
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.world import NO_SOURCE, PLAIN_DOUBT, Matrix, World
from task2vec.recommendation.gain_model.kernel import FAR
from task2vec.recommendation.published.prior import prior_gain
from task2vec.types.scatter import ClassScatter

#: What an expert of a task that cannot be compared is expected to gain, and how sure that is: as
#: one of a task far away.
_STRANGE_GAIN, _STRANGE_DOUBT = FAR, 0.08


def known_world(
    tasks: Sequence[str | None],
    models: Sequence[Model],
    *,
    default: str,
    gains: GainTable,
    names: Sequence[str],
    sources: Sequence[str],
    symmetric: Matrix,
    asymmetric: Matrix,
    scatters: Sequence[ClassScatter | None],
    like: ClassScatter | None = None,
    published: bool = True,
) -> World:
    """Return a world whose models, called by their ids, are the default and then the others.

    Args:
        tasks: the T tasks by id, None for one that is not stored.
        models: the M - 1 models besides the default.
        default: the default's id.
        gains: what was measured, of these models and tasks or of others.
        names: what the tasks are called.
        sources: those of the first tasks that models may be experts of.
        symmetric: (T, T) the tasks' distances, and ``asymmetric`` from the row's to the column's.
        scatters: what each task asks, None where that is not known.
        like: the scatter whose network counts, see `of_one_network`.
        published: whether published figures count.
    """
    ids = [default, *(model.id for model in models)]
    # The default's gains over itself are never among them.
    measured, variances = gains.matrices(ids, tasks)
    place = {task: i for i, task in enumerate(sources)}
    expected = [(0.0, 0.0), *(_expected_gain(model, published=published) for model in models)]
    expert_of = np.array([NO_SOURCE, *(place.get(m.task or "", NO_SOURCE) for m in models)])
    comparison = compare_scatters(
        of_one_network(scatters, like=like), sources=np.isin(np.arange(len(tasks)), expert_of)
    )
    return World(
        tasks=tuple(names),
        models=tuple(ids),
        default=0,
        sources=expert_of,
        symmetric=symmetric,
        asymmetric=asymmetric,
        gains=measured,
        variances=variances,
        base=np.array([gains.base(task) if task else np.nan for task in tasks]),
        expected=np.array([mean for mean, _ in expected]),
        doubt=np.array([sd for _, sd in expected]),
        overlap=comparison.overlap,
        agreement=comparison.agreement,
    )


def _expected_gain(model: Model, *, published: bool) -> tuple[float, float]:
    """Return what a model is expected to gain before any outcome, and the standard deviation.

    Of a plain model by its ``published`` figures, if they count; of an expert, as of one whose task
    cannot be compared.
    """
    if model.task is not None:
        return _STRANGE_GAIN, _STRANGE_DOUBT
    prior = prior_gain(model) if published else None
    return (0.0, PLAIN_DOUBT) if prior is None else (prior.mean, prior.sd)
