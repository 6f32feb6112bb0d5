"""What a plain pretrained model is expected to gain over the default before anything was measured.

The log-odds of a model's accuracy on a task are taken to differ from the default's by `SLOPE` times
the difference of their log-odds of top-1 accuracy on ImageNet, whatever the task. The constants are
fitted and judged by `research/published/prior.py`, see docs/adr/0025-published-prior.md.
"""

from dataclasses import dataclass
from math import exp, hypot, log

from task2vec.messages.models import Model
from task2vec.recommendation.published.models import DEFAULT, published_model, published_models

#: Log-odds of accuracy for log-odds of top-1, from 13 networks fine-tuned on 14 data sets; and its
#: standard deviation, by leaving out each network.
SLOPE, SLOPE_SD = 0.488, 0.290
#: Standard deviation of the difference of two models around that, in log-odds: of models and tasks
#: that the fit had not seen.
RESIDUAL_SD = 0.463
#: Mean accuracy of the networks on the data sets of the fit.
TYPICAL_ACCURACY = 0.838
#: The least and the largest top-1 accuracy of the networks that outcomes are published of: what is
#: beyond counts as being there.
LEAST_TOP1, MOST_TOP1 = 0.56522, 0.84228


@dataclass(frozen=True)
class PriorGain:
    """A normal distribution over a gain that was not measured, in fractions of accuracy."""

    mean: float
    sd: float


def prior_gain(record: Model) -> PriorGain | None:
    """Return the gain of a starting model over the default that its published figures promise.

    It is that on a task where the default has `TYPICAL_ACCURACY`. The standard deviation is that of
    a model on a task that the fit had not seen. None for experts and where no figure is published;
    exactly 0 for the weights of the default.
    """
    model = published_model(record)
    default = published_models()[DEFAULT].imagenet
    if model is None or model.imagenet is None or default is None:
        return None
    if model.name == DEFAULT:
        return PriorGain(0.0, 0.0)
    apart = _log_odds(min(max(model.imagenet, LEAST_TOP1), MOST_TOP1)) - _log_odds(default)
    expected = _log_odds(TYPICAL_ACCURACY) + SLOPE * apart
    sd = hypot(RESIDUAL_SD, SLOPE_SD * apart)
    return PriorGain(
        mean=_share(expected) - TYPICAL_ACCURACY,
        sd=(_share(expected + sd) - _share(expected - sd)) / 2,
    )


def _log_odds(share: float) -> float:
    return log(share / (1 - share))


def _share(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))
