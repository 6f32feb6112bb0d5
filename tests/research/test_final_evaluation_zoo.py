"""The zoo of the final evaluation: relatives are embedded and fine-tuned as the product does."""

from pathlib import Path

import pytest
from small_store import cut

from research.development.tasks import DevelopmentTask
from research.final_evaluation.tables import Prepared, path_of, read
from research.final_evaluation.zoo import EXPERT_OF, Zoo
from task2vec.data.open import open_source
from task2vec.finetuning.checkpoint import Expert
from task2vec.finetuning.run import tune
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.types.tuning import Recipe


@pytest.fixture
def zoo(tmp_path: Path) -> Zoo:
    task = DevelopmentTask("emoji_food", "emoji", cut("emoji_food", tmp_path / "emoji_food"))
    return Zoo({}, {task.name: task}, tmp_path / "made", tmp_path / "tables", "made")


@pytest.mark.parametrize("recipe", [Recipe.LINEAR_PROBE, Recipe.ALL_LAYERS])
def test_an_expert_that_is_the_default_as_it_was_is_not_offered(zoo, tiny_probe, recipe) -> None:
    task = zoo.evaluated["emoji_food"]
    path = zoo.folder / "experts" / "emoji_food.safetensors"
    path.parent.mkdir(parents=True)
    about = Expert("expert", task.name, "start")
    settings = FineTuningSettings(epochs=1, recipe=recipe)
    source = open_source(task.folder)
    tune(tiny_probe, source, images=16, settings=settings, expert=about, target=path)
    embedded, model = zoo.relative("emoji_food")
    assert (embedded.name, embedded.classes, embedded.images) == ("emoji_food", 4, 32)
    if recipe is Recipe.LINEAR_PROBE:
        assert model is None
    else:
        assert (model.name, model.task) == (f"{EXPERT_OF}emoji_food", "emoji_food")
    # It is embedded once, and its seconds are kept.
    (row,) = read(path_of("made", Prepared, zoo.tables), Prepared)
    assert zoo.relative("emoji_food")[0].values.tolist() == embedded.values.tolist()
    assert read(path_of("made", Prepared, zoo.tables), Prepared) == [row]
    assert zoo.embedding_seconds("emoji_food") == row.seconds > 0
