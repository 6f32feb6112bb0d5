"""What the bundle of the development tasks says of them."""

from collections import Counter

import pytest

from research.bundle import licences, outcomes
from research.transfer.outcomes import read_cells
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.service.packaged_models import packaged_models

PACKAGED = {model.name for model in packaged_models()}


def test_each_packaged_model_has_an_outcome_of_each_kind_on_each_task() -> None:
    found = [each for each in outcomes(PACKAGED) if each.protocol.startswith("linear probe")]
    tasks = {each.task for each in found}
    assert len(tasks) == 36
    assert set(Counter((each.model, each.task) for each in found).values()) == {2}
    assert len({each.model for each in found}) == 3
    assert tasks <= set(licences())


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
