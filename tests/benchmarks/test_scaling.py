import numpy as np
import pytest
from PIL import Image

from benchmarks import scaling
from benchmarks.scaling import growth, spread_of
from task2vec.data.open import open_source


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_constant_part_of_the_time_is_no_growth(power):
    seconds = {100 + n: 7 + 0.01 * n**power for n in (0, 200, 900, 2900)}
    assert growth(seconds) == pytest.approx(power)


def test_the_spread_is_that_of_the_slowest():
    assert spread_of({2: 5.0, 10: 4.0, 100: 4.4}) == pytest.approx(0.25)


def test_heads_are_fitted_once_and_do_not_count(tiny_probe, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for number in range(24):
        place = tmp_path / f"class-{number % 2}" / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(place)
    fits = 0

    def fit_head(*arguments, **options):
        nonlocal fits
        fits += 1
        now[0] += 1000
        return fit(*arguments, **options)

    now, fit = [0.0], scaling.fit_head
    monkeypatch.setattr(scaling, "fit_head", fit_head)
    monkeypatch.setattr(scaling, "process_time", lambda: now[0])
    task, fitted = open_source(tmp_path), []
    for _ in range(2):
        assert scaling._embed(tiny_probe, task, images=24, fitted=fitted) == 0
        # On all images and on their halves.
        assert fits == 3
        assert [seconds for _, seconds in fitted] == [1000] * 3
