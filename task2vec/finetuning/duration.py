"""How much a recipe computes, and how many seconds that takes by a measured pace.

Nothing here needs torch: a starting model need not be loaded to know what it would cost.
"""

from dataclasses import astuple, dataclass

#: Forward passes that training all layers on an image costs: forward, back, and to the weights, in
#: batches smaller than those of a plain pass.
TRAINED = 4.6
#: Seconds that the optimiser takes for each parameter in each step, on a processor.
STEP = 2.8e-8
#: The same of the last stage: its share of the parameters is that of EfficientNet-Lite0, 3 in 10.
STAGE_TRAINED, STAGE_PARAMETERS = 0.2, 0.3
# TRAINED, STEP and STAGE_TRAINED by `scipy.optimize.least_squares` on 76 cells of
# `research/recipes`: seconds of the processor, four networks at 96 pixels, 25 to 320 images. The
# share of the parameters is counted; plain passes from the last stage on, less than 2 % of the
# seconds, are not. On nine other runs (three recipes; 30, 90 and 200 images at 128 pixels) expected
# over measured seconds were 0.87 to 1.21, but 0.63 of a linear probe of 0.4 seconds, most of which
# was not the network.


@dataclass(frozen=True)
class Work:
    """Images at most that go through the network, or through its last stage, and training steps.

    ``forward`` counts plain passes, that of the trunk alone as a whole one: it is nearly all of it.
    """

    forward: int = 0
    trained: int = 0
    steps: int = 0
    stage_forward: int = 0
    stage_trained: int = 0
    stage_steps: int = 0

    @property
    def passes(self) -> int:
        """All images, each as often as it goes through the network or its last stage."""
        return self.forward + self.trained + self.stage_forward + self.stage_trained

    def __add__(self, other: "Work") -> "Work":
        return Work(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def expected_seconds(work: Work, *, an_image: float, parameters: int) -> float:
    """Return how many seconds ``work`` takes at most, reading the images not counted.

    ``an_image`` is the seconds of a forward pass for an image, as `Pace.an_image` knows them, and
    ``parameters`` the number of the network's. An early stop makes it less. The constants are those
    of a processor with one thread; a graphics card takes less for a step, so that this is too much.
    """
    passes = work.forward + TRAINED * work.trained + STAGE_TRAINED * work.stage_trained
    steps = work.steps + STAGE_PARAMETERS * work.stage_steps
    return an_image * passes + STEP * parameters * steps
