"""The cells of the table as outcomes, as answers read them."""

from collections.abc import Iterable, Iterator

from research.recipes.followed import as_trained
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import RecipeCell
from task2vec.messages.outcomes import StoredOutcome
from task2vec.types.tuning import Recipe

#: How protocols name the recipes, as `recipe_of` reads them.
_WORDS = {
    Recipe.LINEAR_PROBE: "linear probe",
    Recipe.LAST_STAGE: "last stage",
    Recipe.ALL_LAYERS: "all layers",
}


def fine_tuned_outcomes(cells: Iterable[RecipeCell]) -> Iterator[StoredOutcome]:
    """Yield the cells of recipes that the product has; each draw and run is a protocol of its own.

    So gains are over the default on the same images.
    """
    for cell in cells:
        probed = cell.recipe is Tried.PROBE
        recipe = Recipe.LINEAR_PROBE if probed else as_trained(cell.recipe, cell.training)
        if recipe is None:
            continue
        shots = "all" if cell.shots is None else cell.shots
        yield StoredOutcome(
            model=cell.model,
            task=cell.target,
            accuracy=cell.accuracy,
            protocol=f"{_WORDS[recipe]}, {cell.training} images, {shots} a class, "
            f"draw {cell.draw}, run {cell.run}",
            images=len(cell.correct),
        )
