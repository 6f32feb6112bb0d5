"""The names of the forward-pass scores."""

from enum import StrEnum


class ScoreName(StrEnum):
    """Scores of a starting model's forward pass over the target's images, in the transfer table."""

    LEEP = "leep"
    LOGME = "logme"
    RIDGE = "ridge"
    NEAREST_IMAGES = "nearest_images"
    LINEAR_PROBE = "linear_probe"


class TuningScoreName(StrEnum):
    """Scores that were tried on fine-tuned outcomes only; the last two need gradients."""

    H_SCORE = "h_score"
    SHRUNK_H_SCORE = "shrunk_h_score"
    NLEEP = "nleep"
    TRANSRATE = "transrate"
    SFDA = "sfda"
    LABEL_FEATURE = "label_feature_correlation"
    LABEL_GRADIENT = "label_gradient_correlation"
    TRAINING_TIME = "linearised_training_time"
