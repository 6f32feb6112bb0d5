"""Classifying images with an expert: at once in this process, or those of a data set as a job."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import isfinite
from time import perf_counter
from typing import TypeVar

from task2vec.data.containers.archives import ARCHIVES
from task2vec.errors import InputError, SettingError, SourceError, TooLargeError
from task2vec.finetuning.card import read_classifier_card
from task2vec.finetuning.expert import Progress, classifier_of, classify_each, predict_by
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, resolved
from task2vec.jobs.workbench import Workbench
from task2vec.messages.leases import Report, Shares
from task2vec.messages.models import Model
from task2vec.messages.predictions import (
    NewPrediction,
    Prediction,
    Predictions,
    no_classes,
    prediction,
    unreadable,
)
from task2vec.messages.work import EvaluateWork, PredictWork
from task2vec.probe.weight_files import referenced_file
from task2vec.service.models.experts import STORED
from task2vec.service.models.zoo import expert_file, get_model
from task2vec.service.workspace import Workspace
from task2vec.types.names import visible

OfExpert = TypeVar("OfExpert", PredictWork, EvaluateWork)

#: As many images, and probabilities of all of them together, as one answer holds.
MOST_PREDICTED = 10_000
_MOST_PROBABILITIES = 250_000
# The shares are rounded on their way here.
_TOLERANCE = 1e-3


def check(workspace: Workspace, question: NewPrediction) -> Checked[PredictWork]:
    """Return what a job for the question is about.

    Raises `UnknownNameError` for a model or data set that is not there, `InputError` for a model
    without classes, `SourceError` for a data set that is no archive, `TooLargeError` for more
    images than one answer holds.
    """
    model = get_model(workspace, question.model)
    if not model.ref.startswith(STORED):
        raise no_classes(model.name)
    _, card = expert_file(workspace, model)
    dataset = workspace.store().datasets.get(question.dataset)
    if dataset.format not in ARCHIVES:
        raise SourceError(
            f"Data set {dataset.id} is no archive of image files",
            expected=f"one that ends in {', '.join(ARCHIVES)}",
            got=dataset.format,
        )
    classes = len(card.classes)
    most = max(1, min(MOST_PREDICTED, _MOST_PROBABILITIES // classes))
    if dataset.images > most:
        raise TooLargeError(
            "These are more images than one answer holds",
            expected=f"at most {most:,} images with {classes} classes",
            got=f"{dataset.images:,}",
            remedy="Send them in several data sets; `task2vec predict` does.",
        )
    work = resolved(PredictWork, question, model=model.id, dataset=dataset.id)
    return Checked(work, model.name, (dataset,))


def lend(workspace: Workspace, work: OfExpert) -> OfExpert:
    """Put the record of the expert in place of its id."""
    return work.model_copy(update={"model": expert_of(workspace, work)})


def expert_of(workspace: Workspace, work: PredictWork | EvaluateWork) -> Model:
    """Return the record of the expert that classifies; raises `UnknownNameError`."""
    model = work.model
    return workspace.store().models.get(model.id if isinstance(model, Model) else model)


def run(work: PredictWork, bench: Workbench) -> Findings:
    """Classify the images, one after the other."""
    started = perf_counter()
    if bench.images is None or bench.model is None or not isinstance(work.model, Model):
        raise SettingError("There is nothing to classify, or nothing that classifies")
    card = read_classifier_card(referenced_file(bench.model), name=work.model.name)
    classifier = classifier_of(bench.engine, bench.model, card)
    found = []
    for each in classify_each(classifier, bench.images, partial(bench.progress, "predicting")):
        shares = None if each.probabilities is None else tuple(each.probabilities.values())
        found.append(Shares(path=each.path, shares=shares, error=each.error))
    return Findings(
        Report(
            seconds=perf_counter() - started,
            predicted=tuple(found),
            warnings=(*bench.images.warnings, *card.warnings),
        )
    )


def commit(workspace: Workspace, work: PredictWork, findings: Findings) -> Commit:
    """Return what answers with the predictions; nothing is stored but the answer.

    Raises `InputError` for what no classifier of these classes gives, and as `expert_file` does.
    """
    record = expert_of(workspace, work)
    _, card = expert_file(workspace, record)
    report = findings.report
    rows = report.predicted
    if not rows or len(rows) > MOST_PREDICTED:
        raise InputError(
            "The worker's predictions are not what was asked for",
            expected=f"1 to {MOST_PREDICTED:,} images",
            got=f"{len(rows or ()):,}",
        )
    answer = Predictions(
        model=record.name,
        classes=tuple(card.classes),
        predictions=tuple(_prediction(row, card.classes) for row in rows),
        seconds=report.seconds,
        warnings=report.warnings,
    )
    return lambda _: answer


def predict(
    workspace: Workspace,
    model: str,
    paths: Sequence[str | os.PathLike[str]],
    *,
    progress: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Prediction]:
    """Return an iterator over the predictions of an expert, in the order of the images.

    ``warn`` hears of what was left out, and of probabilities that are not what they seem. What is
    wrong with the question is raised at once; an image that cannot be read is a prediction with
    ``error``, and stops nothing.

    Raises `UnknownNameError` for the model, `InputError` for one without classes, `StoreError` and
    `WeightsError` for a checkpoint that is gone or altered, `SourceError` where no image is found.
    """
    reference, card = expert_file(workspace, get_model(workspace, model))
    return predict_by(
        lambda: workspace.engine, reference, card, paths, progress=progress, warn=warn
    )


def _prediction(row: Shares, classes: Sequence[str]) -> Prediction:
    path = visible(row.path)
    if row.shares is None:
        error = visible(row.error or "not read")
        return unreadable(path, error)
    shares = row.shares
    if (
        len(shares) != len(classes)
        or not all(isfinite(share) and 0 <= share <= 1 for share in shares)
        or abs(sum(shares) - 1) > _TOLERANCE
    ):
        raise InputError(
            f"The worker's probabilities of {path} are none",
            expected=f"{len(classes)} from 0 to 1 that sum to 1",
            got=f"{len(shares)} that sum to {sum(shares):g}",
        )
    return prediction(path, shares, classes)


PREDICT = Kind(NewPrediction, PredictWork, check, run, commit, lend=lend)
