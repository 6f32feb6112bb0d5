"""What a job that classifies images answers: checked, and by the names of the classes."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from sqlalchemy import Connection

from task2vec.errors import InputError
from task2vec.jobs.checks import MOST_PREDICTED
from task2vec.jobs.findings import Found, ImageShares
from task2vec.service.predicting import expert_file
from task2vec.service.workspace import Workspace
from task2vec.types import JobRecord
from task2vec.types.names import visible

# The shares are rounded on their way here.
_TOLERANCE = 1e-3


def prepare_predicted(
    workspace: Workspace, job: JobRecord, found: Found
) -> Callable[[Connection], Mapping[str, Any]]:
    """Return what answers with the predictions; nothing is stored but the answer.

    Raises `InputError` for what no classifier of these classes gives, and as `expert_file` does.
    """
    record = workspace.store().models.get(job.payload["model"])
    _, card = expert_file(workspace, record)
    rows = found.predicted
    if not rows or len(rows) > MOST_PREDICTED:
        raise InputError(
            "The worker's predictions are not what was asked for",
            expected=f"1 to {MOST_PREDICTED:,} images",
            got=f"{len(rows or ()):,}",
        )
    answer = {
        "model": record.name,
        "classes": list(card.classes),
        "predictions": [_prediction(row, card.classes) for row in rows],
        "seconds": found.seconds,
        "warnings": list(found.warnings),
    }
    return lambda _: answer


def _prediction(row: ImageShares, classes: Sequence[str]) -> dict[str, Any]:
    path = visible(row.path)
    if row.shares is None:
        error = visible(row.error or "not read")
        return dict.fromkeys(("label", "probability", "probabilities")) | {
            "path": path,
            "error": error,
        }
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
    best = max(range(len(shares)), key=shares.__getitem__)
    return {
        "path": path,
        "label": classes[best],
        "probability": shares[best],
        "probabilities": dict(zip(classes, shares, strict=True)),
        "error": None,
    }
