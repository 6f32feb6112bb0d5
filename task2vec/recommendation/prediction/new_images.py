"""The accuracy on new images, from that on images of the same folder that were held out.

A folder holds images of the same objects, or of one photographer. A linear probe that is tested on
some of them does better than on images of other objects, the more so the more images there are.
Fitted by ``python -m research.final_evaluation.new_images``; docs/adr/0057-what-is-borne-out.md.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

#: Training images up to which nothing is lost on new ones, and from which as much as ever.
FEW, MANY = 50, 200
#: Log-odds that new images cost at `MANY`, and the standard deviations of that at both numbers.
COST, SD_FEW, SD_MANY = 0.32, 0.41, 0.65
#: Accuracies nearer to 0 or 1 than this count as at this distance: log-odds have no ends.
_EDGE = 0.01


@dataclass(frozen=True)
class OnNewImages:
    """An accuracy on new images, a fraction, and the ends of its interval."""

    accuracy: float
    low: float
    high: float


def on_new_images(
    accuracy: float, *, tested: int, images: int, classes: int, reach: float
) -> OnNewImages:
    """Return what an ``accuracy`` on ``tested`` held-out images promises for new ones.

    ``images`` are those that train. The interval reaches ``reach`` standard deviations. What is
    below chance, ``1 / classes``, is bad luck: it counts as chance.
    """
    share = min(max(log(images / FEW) / log(MANY / FEW), 0.0), 1.0)
    edged = min(max(accuracy, 1 / classes, _EDGE), 1 - _EDGE)
    # One right and one wrong answer more: n equal answers leave a doubt.
    p = (round(accuracy * tested) + 1) / (tested + 2)
    sd = sqrt(1 / (tested * p * (1 - p)) + (SD_FEW + share * (SD_MANY - SD_FEW)) ** 2)
    middle = log(edged / (1 - edged)) - share * COST
    chance = 1 / classes
    mean, low, high = (1 / (1 + exp(-middle - at * sd)) for at in (0.0, -reach, reach))
    return OnNewImages(max(mean, chance), low, high)
