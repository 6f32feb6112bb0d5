import pytest

from benchmarks.scaling import growth


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_constant_part_of_the_time_is_no_growth(power):
    seconds = {100 + n: 7 + 0.01 * n**power for n in (0, 200, 900, 2900)}
    assert growth(seconds) == pytest.approx(power)
