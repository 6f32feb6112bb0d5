"""The number of epochs by the number of images."""

from dataclasses import asdict

import pytest

from task2vec.finetuning.settings import SHORT_EPOCHS, FineTuningSettings, ShortSettings


def steps(settings, images):
    return settings.epochs_for(images) * -(-images // settings.batch_for(images))


@pytest.mark.parametrize("images", [2, 12, 20, 25, 60, 128])
def test_a_short_fine_tuning_of_few_images_is_as_long_as_any(images):
    assert ShortSettings().epochs_for(images) == FineTuningSettings().epochs_for(images)
    assert steps(ShortSettings(), images) >= 64


def test_a_short_fine_tuning_of_many_images_is_shorter():
    assert ShortSettings().epochs_for(1000) == SHORT_EPOCHS < FineTuningSettings().epochs_for(1000)
    assert steps(ShortSettings(), 1000) >= 64


def test_what_is_kept_of_settings_is_what_may_be_chosen():
    assert FineTuningSettings(**asdict(ShortSettings())) == FineTuningSettings()
