"""Backtests: how each ranker did, and what came of each task."""

from task2vec.client.show.sheet import Sheet, percent, points
from task2vec.messages.backtests import Backtest

OURS = "task2vec"
_Ends = tuple[float, float] | None


def of_backtest(answer: Backtest) -> Sheet:
    """Return how each ranker did, with what is to be said of the answer as a whole."""
    return Sheet(
        f"{answer.tasks} tasks, {answer.models} models; regrets and gains in points",
        [
            *("ranker", "gain", "task2vec minus it: gain", "weighted tau", "first is best"),
            *("regret@1", "regret@3", "headroom captured", "task2vec minus it: tau"),
        ],
        [
            (
                r.name,
                _points(r.gain, r.ci.gain),
                _points(r.ours_minus.gain, r.ours_minus.ci.gain) if r.ours_minus else "-",
                _number(r.weighted_kendall, r.ci.weighted_kendall),
                percent(r.top_1),
                _points(r.regret_at_1, r.ci.regret_at_1),
                _points(r.regret_at_3, r.ci.regret_at_3),
                _number(r.headroom_captured, r.ci.headroom_captured),
                _number(r.ours_minus.weighted_kendall, r.ours_minus.ci.weighted_kendall)
                if r.ours_minus
                else "-",
            )
            for r in answer.rankers
        ],
        (*_remarks(answer), answer.sentence),
        spare=[
            *("first is best", "weighted tau", "regret@1", "headroom captured"),
            *("regret@3", "task2vec minus it: tau"),
        ],
    )


def of_cases(answer: Backtest) -> Sheet:
    """Return what the recommender answered for each task, and what came of it."""
    return Sheet(
        "Tasks",
        ["task", "family", "family by", "models", "taken", "gain", "best", "weighted tau"],
        [
            (
                *(c.task, c.family, c.family_from.value, c.offered),
                f"{c.chosen} (abstained)" if c.abstained else c.chosen,
                *(points(c.gain), points(c.best_gain), c.weighted_kendall),
            )
            for c in answer.cases
        ],
        spare=["weighted tau", "family", "models", "family by"],
    )


def _remarks(answer: Backtest) -> list[str]:
    lines = []
    if answer.probe is not None and answer.space is not None:
        lines.append(
            f"Tasks embedded with {answer.probe} ({answer.space.probe[:12]}), which most outcomes "
            "are on."
        )
    if pairs := answer.shared_pairs:
        share = "1 pair of tasks shares" if pairs == 1 else f"{pairs:,} pairs of tasks share"
        lines.append(f"{share} images: what is hidden of one is hidden of the other, too.")
    if answer.noise_ceiling is not None:
        ceiling = answer.noise_ceiling
        lines.append(
            f"Noise ceiling of the weighted tau: {_number(ceiling.weighted_kendall, ceiling.ci)}"
            + (", estimated." if ceiling.estimated else ".")
        )
    lines += [
        f"The {100 * c.level:.0f} % intervals held {percent(c.observed)} of the gains "
        f"[{percent(c.ci[0])}, {percent(c.ci[1])}]."
        for c in answer.coverage
    ]
    silent = answer.abstention
    if silent is not None:
        text = f"{OURS} took the default on {percent(silent.rate)} of the tasks."
        if silent.loss is not None:
            missed = _points(silent.loss, silent.ci.loss)
            text += f" On these, {silent.best_baseline} gained {missed} points more."
        if silent.gain_otherwise is not None:
            gained = _points(silent.gain_otherwise, silent.ci.gain_otherwise)
            text += f" On the other tasks {OURS} gained {gained} points."
        lines.append(text)
    return lines


def _number(value: float | None, ends: _Ends) -> str:
    if value is None or ends is None:
        return "-"
    return f"{value:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"


def _points(value: float | None, ends: _Ends) -> str:
    if value is None or ends is None:
        return "-"
    return f"{100 * value:.1f} [{100 * ends[0]:.1f}, {100 * ends[1]:.1f}]"
