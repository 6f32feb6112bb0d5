"""What the bundle of the development tasks says of them."""

from collections import Counter

import pytest

from research.bundle import LEARNT, SHIPPED, bundled_outcomes, licences, outcomes, renewed
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from task2vec.embedding.bundle_file import read_bundle
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.outcomes import without_default
from task2vec.recommendation.evidence.recipes import images_of, recipe_of
from task2vec.service.bundles.shipped import shipped
from task2vec.service.packaged_models import default_model_id, packaged_models
from task2vec.types.tuning import Recipe

PACKAGED = {model.name for model in packaged_models()}


def test_each_packaged_model_has_an_outcome_of_each_kind_on_each_task() -> None:
    found = [each for each in outcomes(PACKAGED) if each.protocol.startswith("linear probe")]
    tasks = {each.task for each in found}
    assert len(tasks) == 36
    assert set(Counter((each.model, each.task) for each in found).values()) == {2}
    assert len({each.model for each in found}) == 3


def test_the_package_of_the_digits_states_no_licence_of_its_images() -> None:
    tasks = {each.task for each in bundled_outcomes()}
    assert tasks - set(licences()) == {"digits_low", "digits_high"}


def test_protocols_tell_the_recipe_and_the_images_that_trained() -> None:
    found = [each for each in bundled_outcomes() if "probe" not in each.protocol]
    recipes = {recipe_of(each.protocol) for each in found}
    assert recipes == {Recipe.LAST_STAGE, Recipe.ALL_LAYERS}
    assert all(images_of(each.protocol) for each in found)
    # Each model has the default beside it.
    assert not without_default(found, DEFAULT_PROBE)


def test_what_ships_has_the_outcomes_of_the_tables() -> None:
    content = read_bundle(SHIPPED)
    assert list(content.outcomes) == list(renewed(content).outcomes), (
        "the shipped bundle is out of date: `python -m research.bundle --outcomes`"
    )
    notes = {task.name: task.licence for task in content.tasks}
    assert notes == licences(), "the shipped bundle is out of date: `python -m research.bundle`"


@pytest.mark.parametrize(
    ("shots", "learnt"), [(2, Budget.FEW), (5, Budget.FEW), (10, Budget.FEW), (30, Budget.ALL)]
)
def test_what_ships_foretells_by_probes_of_about_as_many_images(shots, learnt) -> None:
    known = shipped()
    found = GainTable(known.outcomes, default_model_id(), theirs=known.tasks, shots=shots)
    assert found.protocol == f"linear probe, {LEARNT[learnt]}"
    accuracies = {
        (c.target, c.budget): c.accuracy for c in read_cells() if c.model == DEFAULT_PROBE
    }
    for id_, task in shipped().tasks.items():
        assert found.base(id_) == pytest.approx(accuracies[task.name, learnt], abs=1e-4)


def test_the_variance_of_a_gain_is_that_of_the_paired_probes() -> None:
    found = [each for each in outcomes(PACKAGED) if each.protocol.startswith("linear probe, two")]
    table = GainTable(found, "efficientnet_lite0")
    cells = {(c.model, c.target): c for c in read_cells() if c.budget == "all"}
    for task in {each.task for each in found}:
        errors = [cells[f"efficientnet_lite{i}", task].error for i in (1, 2)]
        for number, own in zip((1, 2), errors, strict=True):
            model = f"efficientnet_lite{number}"
            (found_gain,) = table.of(model, task)
            gain, variance = found_gain.gain, found_gain.variance
            plain = cells["efficientnet_lite0", task].accuracy
            assert gain == pytest.approx(cells[model, task].accuracy - plain)
            if all(o.interval[0] > 0 and o.interval[1] < 1 for o in found if o.task == task):
                shared = sum(errors) / 2
                assert variance == pytest.approx((own**2 + shared**2) / 2)
