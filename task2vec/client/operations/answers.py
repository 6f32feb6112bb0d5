"""What is asked about tasks: neighbours, distances, a recommendation, an evaluation, the map."""

import os
from collections.abc import Sequence
from pathlib import Path

from task2vec.client.backend import ShowProgress, Source
from task2vec.client.methods import Call, M, Part, given_function
from task2vec.client.questions import ask, id_of, texts
from task2vec.client.request import get, post
from task2vec.data.durations import seconds_of
from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.catalogue import (
    MapColumns,
    MapColumnsQuestion,
    MapQuestion,
    Probe,
    Probes,
    TaskMap,
)
from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.evaluations import MOST_EVALUATED, Evaluation, NewEvaluation
from task2vec.messages.keys import KeyAccess
from task2vec.messages.models import Model
from task2vec.messages.neighbours import (
    DistanceQuestion,
    Distances,
    Neighbours,
    SearchQuestion,
    Subject,
)
from task2vec.messages.recommendation_question import BUDGET, MOST_SHARED, RecommendationQuestion
from task2vec.messages.recommendations import (
    Recommended,
)
from task2vec.messages.settings import EMBEDDING, TUNING, EmbeddingSettings, TuningSettings
from task2vec.types.tuning import Recipe

#: Stands in a question for what its sources are called where it is answered.
_TO_FILL = "?"


class Answers(Part[M]):
    """Questions about tasks."""

    @Call
    async def search(
        self,
        source: Source,
        *,
        k: int = 5,
        asymmetric: bool = False,
        geometry: str = "symmetric",
        tags: Sequence[str] = (),
        min_classes: int | None = None,
        max_classes: int | None = None,
        probe: str | None = None,
        images: int = EMBEDDING.images,
        seed: int = EMBEDDING.seed,
        progress: ShowProgress = True,
    ) -> Neighbours:
        """Return the nearest stored tasks; with ``asymmetric`` ordered as *sources* for it.

        A source that is not stored is embedded for this answer only, with ``probe``; a stored task
        has its own. ``tags`` (all of them), ``min_classes`` and ``max_classes`` say which tasks
        count. ``geometry`` is "symmetric" or "centred": by the latter, which is not corrected for
        noise, tasks are near that differ from the mean of the stored ones in the same direction. It
        takes three tasks, and no ``asymmetric``.

        Raises `UnknownNameError`, `SourceError`, `SettingError`, and `SpaceMismatchError` when the
        store holds tasks of other spaces only.
        """
        question = ask(
            SearchQuestion,
            task=_TO_FILL,
            k=k,
            asymmetric=asymmetric,
            geometry=geometry,
            tags=texts("tags", tags),
            min_classes=min_classes,
            max_classes=max_classes,
            settings=_settings(probe, images=images, seed=seed),
        )
        request = post(Neighbours, "/search", question=question)
        tell = given_function(progress)
        return await self.backend.answer(request, source, probe=probe, progress=tell)

    @Call
    async def distance(
        self,
        source: Source,
        target: Source,
        *,
        probe: str | None = None,
        images: int = EMBEDDING.images,
        seed: int = EMBEDDING.seed,
        progress: ShowProgress = True,
    ) -> Distances:
        """Return all distances between two tasks, both ways.

        Raises `UnknownNameError`, `SourceError`, `SettingError`, and `SpaceMismatchError` across
        spaces.
        """
        settings = _settings(probe, images=images, seed=seed)
        side = Subject(task=_TO_FILL)
        question = DistanceQuestion(source=side, target=side, settings=settings)
        request = post(Distances, "/distances", question=question)
        tell = given_function(progress)
        return await self.backend.answer(request, source, target, probe=probe, progress=tell)

    @Call
    async def evaluate(
        self,
        model: Model | str,
        source: Source,
        *,
        images: int = MOST_EVALUATED,
        seed: int = 0,
        progress: ShowProgress = True,
    ) -> Evaluation:
        """Measure the accuracy of an expert on labelled images, by class, with what it confuses.

        ``source`` is a stored task or labelled images; one with a test split is evaluated on that
        split. Classes are matched by name, and images of others are left out with a warning. At
        most ``images`` are used, drawn at random by ``seed``.

        Raises:
            UnknownNameError: when there is no such model.
            InputError: for a model without classes of its own, a plain pretrained one.
            SourceError: when the source cannot be used, or has no class that the expert tells.
            WeightsError: when the checkpoint was altered.
            JobFailedError: when a server could not do it.
        """
        question = ask(NewEvaluation, model=id_of(model), task=_TO_FILL, images=images, seed=seed)
        request = post(Evaluation, "/evaluations", question=question)
        return await self.backend.answer(request, source, progress=given_function(progress))

    @Call
    async def compare(
        self,
        source: Source,
        models: Sequence[str],
        *,
        recipe: Recipe | str = TUNING.recipe,
        images: int = TUNING.images,
        epochs: int | None = TUNING.epochs,
        patience: int = TUNING.patience,
        learning_rate: float | None = TUNING.learning_rate,
        seed: int = TUNING.seed,
        progress: ShowProgress = True,
    ) -> Comparison:
        """Fine-tune several starting models, and the default, on the same images, and compare them.

        All are tested on the same images, so that ``gain`` of each row is the mean of what the
        model gets right there and the default does not. ``chosen`` is the default unless a model is
        surely better. Each becomes an expert in the store, as by `finetune`, whose settings these
        are; a source that is not stored becomes a task. What was fine-tuned so before is not
        trained again: the same call goes on where an interrupted one stopped.

        Raises:
            UnknownNameError: before any work, when there is no such model or source.
            SettingError: for no model besides the default, or one that was made of these images.
            SourceError: when the images cannot be used, or none is left to test on.
            JobFailedError: when a server could not do it.
        """
        settings = ask(
            TuningSettings,
            recipe=recipe,
            images=images,
            epochs=epochs,
            patience=patience,
            learning_rate=learning_rate,
            seed=seed,
        )
        question = ask(
            NewComparison, task=_TO_FILL, models=texts("models", models), settings=settings
        )
        request = post(Comparison, "/comparisons", question=question)
        return await self.backend.answer(request, source, progress=given_function(progress))

    @Call
    async def recommend(
        self,
        source: Source,
        *,
        k: int = 5,
        max_parameters: int | None = None,
        max_input_size: int | None = None,
        architecture: str | None = None,
        licence: str | None = None,
        published: bool = True,
        bundles: bool = True,
        measure: bool = True,
        budget: float = BUDGET,
        time: float | str | None = None,
        max_shared: float = MOST_SHARED,
        recipe: Recipe | str = Recipe.AUTO,
        explain: bool = False,
        probe: str | None = None,
        images: int = EMBEDDING.images,
        seed: int = EMBEDDING.seed,
        progress: ShowProgress = True,
    ) -> Recommended:
        """Rank starting models for a stored task or a source.

        ``k`` is how many experts are listed at most; ``architecture`` may hold ``*``. With
        ``measure`` the models that promise most are measured on the task's images for ``budget``
        seconds; what was measured on them before counts, too. Where the images of a stored task are
        not at hand, earlier measurements alone count, ``images_missing`` is true and a warning says
        how to bring them. Without ``measure``, as with a budget of 0, nothing new is measured.
        ``time`` is what there is for measuring and training together, in seconds or as "10m" or
        "1h30m": measuring takes a quarter of it at most, and recipes and models that do not fit are
        not chosen (``time_reason`` says which). ``published`` lets published accuracies of models
        count, ``bundles`` the tasks and outcomes that bundles brought. A task that has more than
        the share ``max_shared`` of the images is no evidence. ``recipe`` is how the model will be
        trained; ``auto`` answers with the recipe that promises most. With ``explain`` the answer
        has an ``explanation``: what moved it, the layers in which the task is like its neighbours
        and unlike them, and the classes that are hard.

        Raises `UnknownNameError`, `SourceError`, `SettingError`.
        """
        question = ask(
            RecommendationQuestion,
            task=_TO_FILL,
            k=k,
            max_parameters=max_parameters,
            max_input_size=max_input_size,
            architecture=architecture,
            licence=licence,
            published=published,
            bundles=bundles,
            measure=measure and budget > 0,
            budget=budget if measure else 0.0,
            time=None if time is None else seconds_of(time),
            max_shared=max_shared,
            recipe=recipe,
            explain=explain,
            settings=_settings(probe, images=images, seed=seed),
        )
        request = post(Recommended, "/recommendations", question=question)
        tell = given_function(progress)
        return await self.backend.answer(request, source, probe=probe, progress=tell)

    @Call
    async def backtest(self, *, folds: str = "task", progress: ShowProgress = True) -> Backtest:
        """Ask the recommender and simple rules about each task as if its outcomes were not known.

        ``folds`` is "task" or "family": what is unknown with the task that is asked about. The
        verdict is unknown where fewer than 8 tasks have outcomes of at least two models and of the
        default.

        Raises `SettingError` for other folds, `StoreError` without a store.
        """
        request = post(Backtest, "/backtests", question=ask(BacktestQuestion, folds=folds))
        return await self.backend.answer(request, progress=given_function(progress))

    @Call
    async def map(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        method: str = "mds",
        tag: str | None = None,
        thumbnails: bool = False,
        seed: int = 0,
    ) -> TaskMap:
        """Lay out the stored tasks in the plane; write the picture to ``path`` if one is given.

        ``path`` ends in .png or .svg (of a local store also .pdf). A task's first tag is its group.
        Raises `InputError` when there is nothing for a picture, or it cannot be written, which is
        seen before it is drawn.
        """
        question = ask(MapQuestion, method=method, tag=tag, thumbnails=thumbnails, seed=seed)
        return await self.backend.draw(question, None if path is None else Path(path))

    @Call
    async def map_columns(self, *, probe: str | None = None) -> MapColumns:
        """Place all tasks of a space, however many, and return them column by column.

        That of the most tasks, or of a ``probe``. Without tasks all columns are empty.
        """
        question = ask(MapColumnsQuestion, probe=probe)
        return await self.backend.ask(get(MapColumns, "/map/columns", question=question))

    @Call
    async def probes(self) -> tuple[Probe, ...]:
        """Return the probes that are known by name."""
        return (await self.backend.ask(get(Probes, "/probes"))).probes

    @Call
    async def key(self) -> KeyAccess:
        """Return what this client's key opens; a local store, like a server without keys, all."""
        return await self.backend.ask(get(KeyAccess, "/key"))


def _settings(probe: str | None, *, images: int, seed: int) -> EmbeddingSettings:
    return ask(EmbeddingSettings, probe=probe or EMBEDDING.probe, images=images, seed=seed)
