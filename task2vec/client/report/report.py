"""What a report of a recommendation is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from task2vec.client.show.sheet import points
from task2vec.messages.base import Time, utc_now
from task2vec.messages.explanations import Move, ScoreMoves
from task2vec.messages.recommendations import Recommendation, Recommended
from task2vec.version import __version__

#: More make no difference to the answer, and would not fit the page.
MOST_CANDIDATES, MOST_MOVES, MOST_NEIGHBOURS, MOST_CLASSES = 8, 5, 5, 5
#: The columns of `Report.near` but the first.
NEAR = ("distance", "outcomes", "moved")


@dataclass(frozen=True)
class Report:
    """An answer with its explanation, and the ``commands`` that lead on, as one types them."""

    answer: Recommended
    commands: Sequence[str] = ()
    made: Time = field(default_factory=utc_now)

    @property
    def chosen(self) -> Recommendation | None:
        """The candidate that is recommended, the default where it is to be kept."""
        return self._candidate(self.answer.chosen)

    @property
    def candidates(self) -> list[Recommendation]:
        """The candidates beside the default, best first, the chosen one always among them."""
        default = self.default
        others = [each for each in self.answer.recommendations if each.model != default]
        shown = others[:MOST_CANDIDATES]
        chosen = self.chosen
        if chosen is not None and chosen in others[MOST_CANDIDATES:]:
            shown[-1] = chosen
        return shown

    @property
    def default(self) -> str | None:
        """The name of the default, which all gains are over."""
        if self.answer.explanation is not None:
            return self.answer.explanation.default.model
        return self.answer.chosen if self.answer.abstained else None

    @property
    def moves(self) -> ScoreMoves | None:
        """What moved the score of the chosen model, or of the best one that was not taken."""
        if self.answer.explanation is None:
            return None
        scores = {each.model: each for each in self.answer.explanation.outcomes}
        names = [self.answer.chosen, *(each.model for each in self.candidates)]
        return next(
            (scores[name] for name in names if name in scores and name != self.default), None
        )

    @property
    def largest_moves(self) -> list[Move]:
        """What moved that score most, the largest first."""
        moves = () if self.moves is None else self.moves.moves
        return sorted(moves, key=lambda move: -abs(move.moved))[:MOST_MOVES]

    @property
    def near(self) -> list[tuple[str, ...]]:
        """The known tasks that counted most for it, with what `NEAR` names."""
        near = () if self.moves is None else self.moves.neighbours[:MOST_NEIGHBOURS]
        return [(n.task, f"{n.distance:.3f}", str(n.outcomes), points(n.moved)) for n in near]

    @property
    def rules(self) -> list[tuple[str, str]]:
        """Each simpler rule, in words, with the model that it would take."""
        return [(each.rule.replace("_", " "), each.model or "-") for each in self.answer.baselines]

    @property
    def footer(self) -> str:
        """What made it, and when."""
        return f"task2vec {__version__}, {self.made:%Y-%m-%d %H:%M} UTC"

    def _candidate(self, name: str) -> Recommendation | None:
        return next((each for each in self.answer.recommendations if each.model == name), None)


def cause(move: Move, *, of: str) -> str:
    """Return what moved the score ``of`` a model, in words."""
    match move.kind:
        case "expert":
            return "being an expert of another task"
        case "source_task":
            return f"how near its task is: {move.task}" if move.task else "how near its task is"
        case "published":
            return "published accuracy"
        case "outcome":
            model = "" if move.model in (None, of) else f" of {move.model}"
            return f"outcome{model} on {move.task or 'this task'}"
        case "linear_probe":
            return "linear probe on your images"
        case "fine_tuning":
            return "short fine-tuning on your images"
    return move.kind.replace("_", " ")
