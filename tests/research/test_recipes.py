"""The plan of the fine-tuned cells, and the table."""

from collections import Counter
from dataclasses import fields
from itertools import islice
from pathlib import Path

import numpy as np

from research.development.tasks import DevelopmentTask
from research.recipes.plan import MANY, SHOTS, Recipe, blocks
from research.recipes.tables import RecipeCell, append, read
from research.transfer.zoo import DEFAULT, PLAIN

FAMILIES = {"a": "letters", "b": "letters", "c": "digits", "d": "emoji", "e": "icons"}
TASKS = {name: DevelopmentTask(name, family, Path(name)) for name, family in FAMILIES.items()}


def test_six_rounds_have_every_target_with_every_number_of_images() -> None:
    planned = [block for block in islice(blocks(TASKS), 60) if block.run == 0]
    first = planned[: len(TASKS) * len(SHOTS)]
    assert Counter((block.target, block.shots) for block in first) == Counter(
        (target, shots) for target in TASKS for shots in SHOTS
    )
    assert {block.draw for block in first} == {0}


def test_models_are_drawn_from_each_kind_of_kinship_and_never_made_of_the_target() -> None:
    for block in islice(blocks(TASKS), 100):
        default, plain, *experts = block.models
        assert default == DEFAULT
        assert plain in PLAIN[1:]
        assert block.target not in experts
        near = [name for name in experts if FAMILIES[name] == FAMILIES[block.target]]
        assert len(near) == (1 if FAMILIES[block.target] == "letters" else 0)


def test_a_block_tries_what_finetune_does_and_every_tenth_all_rates() -> None:
    planned = [block for block in islice(blocks(TASKS), 60) if block.run == 0]
    for number, block in enumerate(planned):
        few, many = (set(block.recipes(images)) for images in (MANY - 1, MANY))
        if number % 10 == 0:
            assert few == many == set(Recipe)
        else:
            assert few == {Recipe.PROBE, Recipe.STAGE, Recipe.GENTLE}
            assert many == {Recipe.PROBE, Recipe.STAGE, Recipe.ALL}


def test_a_row_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = [
        RecipeCell(
            target="greek_capitals",
            shots=shots,
            draw=1,
            run=0,
            model=DEFAULT,
            recipe=Recipe.GENTLE,
            training=48,
            classes=24,
            correct=np.array([True, False, True]),
            curve=curve,
            seconds=12.25,
        )
        for shots, curve in ((2, ((8, 0.25), (16, 0.5))), (None, ()))
    ]
    table = tmp_path / "recipes.csv"
    append(written[:1], table)
    append(written[1:], table)
    for cell, other in zip(written, read(table), strict=True):
        for each in fields(RecipeCell):
            np.testing.assert_array_equal(getattr(cell, each.name), getattr(other, each.name))
