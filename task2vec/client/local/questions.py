"""What a local client answers about the tasks of its store."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from task2vec.client.client import Client
from task2vec.client.local.answers import answer
from task2vec.client.local.part import Part
from task2vec.client.local.probes import known
from task2vec.client.local.sources import check_probe, counting, given, settings_of, subject
from task2vec.client.methods import described_like
from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.catalogue import MapQuestion
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.waiting import Shown, told_by
from task2vec.client.watching import watched
from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.catalogue import Probe, TaskMap
from task2vec.messages.neighbours import Distances, Neighbours, SearchQuestion
from task2vec.messages.recommendations import RecommendationQuestion, Recommended
from task2vec.types.measuring import BUDGET, MOST_SHARED

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

    Source = str | os.PathLike[str] | LabelledImages


@described_like(Client)
class Answers(Part):
    """Neighbours, distances, recommendations, backtests, the map and the probes."""

    @watched
    def search(
        self,
        source: "Source",
        *,
        k: int = 5,
        asymmetric: bool = False,
        geometry: str = "symmetric",
        tags: Sequence[str] = (),
        min_classes: int | None = None,
        max_classes: int | None = None,
        probe: str | None = None,
        images: int = 300,
        seed: int = 0,
        progress: Shown = True,
    ) -> Neighbours:
        from task2vec.service.tasks.search import nothing_near
        from task2vec.service.tasks.search import search as near_tasks

        asked = ask(
            SearchQuestion,
            task="?",
            k=k,
            asymmetric=asymmetric,
            geometry=geometry,
            tags=texts("tags", tags),
            min_classes=min_classes,
            max_classes=max_classes,
        )
        _, settings = settings_of(probe=probe or PROBE, images=images, seed=seed)
        alone = nothing_near(self._workspace, given(source))
        if alone is not None:
            return answer(Neighbours, {"task": alone, "neighbours": []})
        about = subject(
            self._workspace, source, probe=probe, settings=settings, progress=told_by(progress)
        )
        check_probe(about, probe=probe)
        return answer(Neighbours, near_tasks(self._workspace, asked, about))

    @watched
    def distance(
        self,
        source: "Source",
        target: "Source",
        *,
        probe: str | None = None,
        images: int = 300,
        seed: int = 0,
        progress: Shown = True,
    ) -> Distances:
        from task2vec.service.tasks.search import distances

        _, settings = settings_of(probe=probe or PROBE, images=images, seed=seed)
        first, second = (
            subject(
                self._workspace, side, probe=probe, settings=settings, progress=told_by(progress)
            )
            for side in (source, target)
        )
        check_probe(first, second, probe=probe)
        return answer(Distances, distances(self._workspace, first, second))

    @watched
    def recommend(
        self,
        source: "Source",
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
    ) -> Recommended:
        from task2vec.service.models.zoo import list_models
        from task2vec.service.recommend.recommendation import Limits, check_answerable, recommend

        ask(
            RecommendationQuestion,
            task="?",
            k=k,
            max_parameters=max_parameters,
            max_input_size=max_input_size,
            budget=budget,
            max_shared=max_shared,
        )
        limits = Limits(max_parameters, architecture, licence, max_input_size)
        everything = list_models(self._workspace)
        check_answerable(everything, k=k, limits=limits, budget=budget)
        _, settings = settings_of(probe=probe or PROBE, images=images, seed=seed)
        about = subject(
            self._workspace,
            source,
            probe=probe,
            settings=settings,
            progress=told_by(progress),
            detailed=True,
        )
        check_probe(about, probe=probe)
        return recommend(
            self._workspace,
            about,
            k=k,
            limits=limits,
            images=images,
            published=published,
            budget=budget if measure else 0.0,
            max_shared=max_shared,
            explain=explain,
            progress=counting(told_by(progress)),
        )

    @watched
    def backtest(self, *, folds: str = "task", progress: Shown = True) -> Backtest:
        from task2vec.service.outcomes.backtest import backtest

        asked = ask(BacktestQuestion, folds=folds)
        tell = counting(told_by(progress))
        found = backtest(
            self._workspace,
            folds=asked.folds,
            progress=None if tell is None else lambda done, total: tell("asking", done, total),
        )
        return answer(Backtest, found.to_json())

    def map(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        method: str = "mds",
        tag: str | None = None,
        thumbnails: bool = False,
        seed: int = 0,
    ) -> TaskMap:
        from task2vec.plots.layout import LayoutMethod
        from task2vec.service.tasks.maps import draw

        asked = ask(MapQuestion, method=method, tag=tag, seed=seed)
        found = draw(
            self._workspace,
            None if path is None else Path(path),
            method=LayoutMethod(asked.method.value),
            tag=tag,
            thumbnails=thumbnails,
            seed=seed,
        )
        return answer(TaskMap, found.to_json())

    def probes(self) -> tuple[Probe, ...]:
        return known(self._workspace)
