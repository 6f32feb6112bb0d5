"""What a recipe gives, from what linear probes give: the gain over the default, and its accuracy.

The gain model is about linear probes on frozen features. People train: the last stage, or all
layers. That keeps a loss and, the more images there are, the less of a gain, since the default
catches up; and it does what no probe tells. Both are fitted, for each recipe, to fine-tuned cells
of the choosing half of the families (``python -m research.recipes.follow``); how they hold on the
other half is in docs/adr/0049-recipes.md. Gains are fractions of accuracy.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, expm1, inf, log, pi, sqrt
from statistics import NormalDist

from task2vec.types.tuning import Recipe


@dataclass(frozen=True)
class Follows:
    """How a recipe follows from linear probes.

    With ``g`` a model's gain by linear probes and n training images, the recipe's gain is ``loss
    min(g, 0) + exp(-n / fades) max(g, 0)`` on average. Around that it has a standard deviation of
    ``own`` times the roots of `room` and of `OWN_IMAGES` / n, and another that is
    ``share_of_loss`` of a loss g, or ``share_of_gain`` of a gain. The default's accuracy has
    ``lift (1 - exp(-n / comes))`` more log-odds than that of its linear probe, with the standard
    deviation ``lift_sd``.
    """

    loss: float
    fades: float
    own: float
    share_of_loss: float
    share_of_gain: float
    lift: float
    comes: float
    lift_sd: float

    def kept(self, images: int) -> float:
        """Return the share of a gain that is left with these training images."""
        return exp(-images / self.fades)


#: By how much gains by one recipe differ between protocols, in standard deviations: linear probes
#: with few images, and with many.
PROTOCOL_SD = 0.035
FOLLOWS: Mapping[Recipe, Follows] = {
    Recipe.LINEAR_PROBE: Follows(1.0, inf, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    Recipe.LAST_STAGE: Follows(1.3, 182.0, 0.0399, 1.45, 0.472, 0.659, 308.0, 0.393),
    Recipe.ALL_LAYERS: Follows(0.995, 103.0, 0.0352, 1.14, 0.355, 1.28, 219.0, 0.441),
}
#: The training images at which `Follows.own` is stated. Its square falls as the images grow: with a
#: fixed one, intervals held 77 % of the gains with fewer than 20 images, and 99 % with 160 or more.
OWN_IMAGES = 50
#: Of the gains by training that the gain model and `Follows` lead to expect, this share came on
#: tasks that they did not know: a model seems to gain for its luck, too
#: (docs/adr/0057-what-is-borne-out.md).
BORNE_OUT = 0.3
#: The standard deviation of gains by linear probes that most models have on a target of
#: ``research/transfer``: 1.48 times the median of their absolute values. A few lose far more.
USUAL_SD = 0.062
#: Training images of an outcome that does not tell.
_USUAL_IMAGES = 200
#: Training images of a class where a protocol tells no number: two thirds of the images are as many
#: on half of the development tasks.
USUAL_SHOTS = 30
#: Accuracies nearer to 0 or 1 than this count as at this distance: log-odds have no ends.
_EDGE = 0.01


@dataclass(frozen=True)
class RecipeGain:
    """A normal distribution of the gain over the default, both made by one recipe."""

    mean: float
    sd: float

    def after(self, gain: float, variance: float) -> "RecipeGain":
        """Return it once the recipe itself was tried, with the variance of that measurement."""
        own = 1 / self.sd**2
        other = 1 / variance
        mean = (own * self.mean + other * gain) / (own + other)
        return RecipeGain(mean, 1 / sqrt(own + other))

    def borne_out(self) -> "RecipeGain":
        """Return it with the share of a gain that trainings have borne out; a loss stays."""
        return RecipeGain(BORNE_OUT * self.mean, self.sd) if self.mean > 0 else self


def recipe_gain(
    recipe: Recipe, mean: float, sd: float, *, images: int, base: float | None = None
) -> RecipeGain:
    """Return what to expect of a recipe where the probe's gain is normal with ``mean``, ``sd``.

    ``images`` are those that train, ``base`` is the default's accuracy by a linear probe. The mean
    and the variance of what `Follows` says over that normal distribution have a closed form.
    """
    if recipe is Recipe.LINEAR_PROBE:
        return RecipeGain(mean, sd)
    follows = FOLLOWS[recipe]
    kept, lost, gained = follows.kept(images), *split_squares(mean, sd)
    expected = kept * expected_excess(mean, sd) - follows.loss * expected_excess(-mean, sd)
    square = follows.loss**2 * lost + kept**2 * gained
    accuracy = None
    if base is not None:
        accuracy = moved(base, known_by=Recipe.LINEAR_PROBE, to=recipe, images=images).accuracy
    residual = own_variance(recipe, lost, gained, images=images, accuracy=accuracy)
    return RecipeGain(expected, sqrt(max(square - expected**2, 0.0) + residual))


def own_variance(
    recipe: Recipe, lost: float, gained: float, *, images: int, accuracy: float | None
) -> float:
    """Return the variance of what a recipe does that no probe tells.

    ``lost`` and ``gained`` are the expected squares of the probe's gain below and above 0: see
    `split_squares`. ``images`` are those that train, ``accuracy`` is the default's by the recipe.
    """
    follows = FOLLOWS[recipe]
    own = follows.own**2 * room(accuracy) * OWN_IMAGES / images
    return own + follows.share_of_loss**2 * lost + follows.share_of_gain**2 * gained


def split_squares(mean: float, sd: float) -> tuple[float, float]:
    """Return ``E[min(x, 0)^2]`` and ``E[max(x, 0)^2]`` of a normal x."""
    square = mean**2 + sd**2
    # E[max(x, 0)^2] is mean E[max(x, 0)] + sd^2 P(x > 0).
    positive = NormalDist().cdf(mean / sd) if sd > 0 else float(mean > 0)
    gained = mean * expected_excess(mean, sd) + sd**2 * positive
    return max(square - gained, 0.0), gained


def room(accuracy: float | None) -> float:
    """Return how much there is to gain or to lose: 1 where half is right, little at the ends.

    It is the variance of a right answer in units of its largest, which stands for one unknown.
    """
    return 1.0 if accuracy is None else 4 * accuracy * (1 - accuracy) + 0.02


def error_as_probed(recipe: Recipe, *, images: int | None, accuracy: float | None) -> float:
    """Return the variance by which a gain by a recipe misses that by linear probes.

    ``images`` are those that trained, None where it is not known, and ``accuracy`` is the default's
    by the recipe. It is the mean square of what `Follows` says over gains as they usually are
    (`USUAL_SD`), whatever the gain: were that of a large gain larger, it would count for less than
    a small one. The gain itself is taken as it is: that of a model as good as the default stays 0.
    """
    if recipe is Recipe.LINEAR_PROBE:
        return PROTOCOL_SD**2
    follows = FOLLOWS[recipe]
    images = images or _USUAL_IMAGES
    # Half of the square of a gain around 0 is that of its positive part.
    half = USUAL_SD**2 / 2
    missed = ((1 - follows.kept(images)) ** 2 + (follows.loss - 1) ** 2) * half
    return own_variance(recipe, half, half, images=images, accuracy=accuracy) + missed


@dataclass(frozen=True)
class Moved:
    """An accuracy by another recipe, with the ends of its interval."""

    accuracy: float
    low: float
    high: float


def moved(
    accuracy: float, *, known_by: Recipe, to: Recipe, images: int, reach: float = 0.0
) -> Moved:
    """Return the default's accuracy by one recipe from that by another.

    ``images`` are those that train; the interval reaches ``reach`` standard deviations.
    """
    if known_by is to:
        return Moved(accuracy, accuracy, accuracy)
    edged = min(max(accuracy, _EDGE), 1 - _EDGE)
    middle, variance = log(edged / (1 - edged)), 0.0
    for recipe, sign in ((to, 1), (known_by, -1)):
        follows = FOLLOWS[recipe]
        middle -= sign * follows.lift * expm1(-images / follows.comes)
        variance += follows.lift_sd**2
    half = reach * sqrt(variance)
    return Moved(*(1 / (1 + exp(-(middle + at))) for at in (0, -half, half)))


def recipe_of(protocol: str) -> Recipe:
    """Return by which recipe an outcome was measured, as the name of its protocol has it.

    A name that says nothing stands for what most people do, which is to train all layers.

    >>> recipe_of("linear, 5 images").value, recipe_of("fine-tuning/3 96px").value
    ('linear-probe', 'all-layers')
    """
    name = protocol.lower()
    if re.search(r"linear|prob(e|ing)|frozen", name):
        return Recipe.LINEAR_PROBE
    return Recipe.LAST_STAGE if re.search(r"last.stage", name) else Recipe.ALL_LAYERS


def images_of(protocol: str) -> int | None:
    """Return the number of training images that the name of a protocol tells, None without one.

    >>> images_of("fine-tuning/3 96px 300 images seed 0")
    300
    """
    found = re.search(r"(\d{1,9}) images\b(?! (of|per|a|in each) )", protocol)
    return max(int(found[1]), 1) if found else None


def shots_of(protocol: str) -> int:
    """Return the training images of a class that the name of a protocol tells, else `USUAL_SHOTS`.

    >>> shots_of("linear probe, 5 images a class"), shots_of("linear probe")
    (5, 30)
    """
    found = re.search(r"(\d{1,9}) images (?:of a|per|a|in each) class", protocol)
    return max(int(found[1]), 1) if found else USUAL_SHOTS


def expected_excess(mean: float, sd: float) -> float:
    """Return ``E[max(x, 0)]`` of a normal x."""
    if not sd > 0:
        return max(mean, 0.0)
    z = mean / sd
    return mean * NormalDist().cdf(z) + sd * exp(-z * z / 2) / sqrt(2 * pi)
