"""What training makes of the models that rules took: the truth that answers are held against."""

from collections.abc import Callable, Iterable
from pathlib import Path

from research.final_evaluation.images import Images
from research.final_evaluation.plan import Trial
from research.recipes.measuring import LOOKS, measure
from research.recipes.plan import MANY, Block
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import RecipeCell, append, key_of, read
from research.transfer.zoo import Starting
from task2vec.types.tuning import RECIPES, Recipe

#: With many images accuracies are looked at after each epoch: steps are counted by them.
EIGHTHS = tuple(number / 8 for number in range(1, 8))


def tried(recipe: Recipe, images: int) -> Tried:
    """Return a recipe of the product at the rate that `finetune` takes for so many images."""
    if recipe is Recipe.LINEAR_PROBE:
        return Tried.PROBE
    if recipe is Recipe.LAST_STAGE:
        return Tried.STAGE
    return Tried.ALL if images >= MANY else Tried.GENTLE


class Trained:
    """The cells of one who asks, each trained once and kept in a table."""

    def __init__(
        self, trial: Trial, images: Images, load: Callable[[str], Starting], table: Path
    ) -> None:
        """Read what is there of them."""
        self._images, self._load, self._table = images, load, table
        self._block = Block(trial.target, trial.shots, trial.draw, ())
        self._cells = {cell.key: cell for cell in read(table)}
        self.seconds = 0.0
        """Processor seconds of what was trained now, without the tests along the way."""

    def cell(self, model: str, recipe: Recipe) -> RecipeCell:
        """Return what a recipe makes of a model, trained now if it was not before."""
        self.train([(model, recipe)])
        return self._cells[key_of(self._block, model, self._tried(recipe))]

    def made(self) -> set[tuple[str, Recipe]]:
        """Return the pairs of model and recipe that there are cells of."""
        by_tried = {self._tried(recipe): recipe for recipe in RECIPES}
        own = (self._block.target, self._block.shots, self._block.draw)
        return {
            (cell.model, by_tried[cell.recipe])
            for cell in self._cells.values()
            if (cell.target, cell.shots, cell.draw) == own and cell.recipe in by_tried
        }

    def train(self, wanted: Iterable[tuple[str, Recipe]]) -> None:
        """Train what is missing of (model, recipe) pairs."""
        for model, recipe in dict.fromkeys(wanted):
            trying = self._tried(recipe)
            if key_of(self._block, model, trying) in self._cells:
                continue
            few = self._block.shots is not None
            (cell,) = measure(
                self._block,
                self._images.target,
                self._images.draw,
                self._load(model),
                (trying,),
                looks=LOOKS if few else EIGHTHS,
            )
            append([cell], self._table)
            self._cells[cell.key] = cell
            self.seconds += cell.seconds

    def _tried(self, recipe: Recipe) -> Tried:
        return tried(recipe, len(self._images.draw.train))
