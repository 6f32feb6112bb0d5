"""The page on information while a network learns, with tables from what the experiments wrote."""

import json
from pathlib import Path
from typing import Any

from docs.markdown import GENERATED, table

RESULTS = Path(__file__).parents[1] / "research" / "results"
CURVE = RESULTS / "dynamics_curve.json"
TEXT = Path(__file__).parent / "dynamics.md.in"

_CURVE_HEAD = (
    "images",
    "kind of run",
    "peak, epoch",
    "peak over final",
    "same, of trace over loss",
    "accuracy at the peak",
    "at the end",
    "p, peak > 2 x final",
)


def dynamics() -> str:
    """Return the page: the text beside this file, its tables filled in."""
    text = TEXT.read_text(encoding="utf-8")
    return f"{GENERATED}\n\n{text.replace('<!-- curve -->', _curve())}"


def _curve() -> str:
    kinds = json.loads(CURVE.read_text(encoding="utf-8"))["result"]
    return table(_CURVE_HEAD, (_kind(kind) for kind in kinds))


def _kind(kind: dict[str, Any]) -> tuple[str, ...]:
    return (
        kind["data"],
        kind["variant"],
        _span(kind["peak_epoch"], "g"),
        _span(kind["peak_over_final"], ".1f"),
        _span(kind["peak_over_final_per_loss"], ".1f"),
        f"{kind['accuracy_at_peak']:.0%}",
        f"{kind['final_accuracy']:.0%}",
        f"{kind['sign_test']:.2g}",
    )


def _span(values: list[float], form: str) -> str:
    """Return the least and the largest of the seeds."""
    return f"{min(values):{form}} to {max(values):{form}}"
