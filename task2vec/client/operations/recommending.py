"""Which starting model to take."""

import os
from typing import TYPE_CHECKING

from task2vec.client.operations.answering import answer
from task2vec.client.operations.asking import ask
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.subjects import subject
from task2vec.client.operations.waiting import Shown, told_by
from task2vec.client.steps import Sender, Steps
from task2vec.messages.recommendations import RecommendationQuestion, Recommended
from task2vec.messages.settings import EmbeddingSettings
from task2vec.types.measuring import BUDGET, MOST_SHARED

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

_PATH = "/recommendations"


def recommend(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    k: int = 5,
    max_parameters: int | None = None,
    max_input_size: int | None = None,
    architecture: str | None = None,
    licence: str | None = None,
    published: bool = True,
    measure: bool = True,
    budget: float = BUDGET,
    max_shared: float = MOST_SHARED,
    explain: bool = False,
    probe: str | None = None,
    images: int = 300,
    seed: int = 0,
    progress: Shown = True,
) -> Steps[Recommended]:
    """Rank starting models for a stored task or a source.

    ``k`` is how many experts are listed at most; ``architecture`` may hold ``*``. With ``measure``
    the models that promise most are measured on the task's images for ``budget`` seconds; what was
    measured on them before counts, too. Where the images of a stored task are not at hand, earlier
    measurements alone count, ``images_missing`` is true and a warning says how to bring them.
    Without ``measure``, as with a budget of 0, distances and outcomes alone decide. ``published``
    lets published accuracies of models count. A task that has more than the share ``max_shared`` of
    the images is no evidence. With ``explain`` the answer has an ``explanation``: what moved it,
    the layers in which the task is like its neighbours and unlike them, and the classes that are
    hard.

    Raises `UnknownNameError`, `SourceError`, `SettingError`.
    """
    told = told_by(progress)
    settings = ask(EmbeddingSettings, probe=probe or PROBE, images=images, seed=seed)
    question = ask(
        RecommendationQuestion,
        task="?",
        k=k,
        max_parameters=max_parameters,
        max_input_size=max_input_size,
        architecture=architecture,
        licence=licence,
        published=published,
        measure=measure and budget > 0,
        budget=budget if measure else 0.0,
        max_shared=max_shared,
        explain=explain,
        settings=settings,
    )
    about = yield from subject(sender, source, progress=told, probe=probe)
    question = question.model_copy(update={"task": about.task, "dataset": about.dataset})
    return (yield from answer(sender, _PATH, question, kind=Recommended, progress=told))
