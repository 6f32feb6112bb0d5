"""What is seen of a network while it learns."""

from task2vec.messages.base import Answer


class LayerTrace(Answer):
    """The trace of the Fisher information over the weights of one layer."""

    name: str
    weights: int
    trace: float


class Measurement(Answer):
    """The information in a network's weights after ``step`` steps of training.

    ``trace`` is that of the Fisher information over the weights that are trained, the sum over
    ``layers``; ``trace_error`` is its standard error over images and drawn labels. ``loss`` (nats)
    and ``accuracy`` are those of the monitored images, with the network in evaluation mode.
    ``seconds`` is the time since the first measurement, ``cost`` what this one took of it.
    """

    step: int
    epoch: float | None = None
    seconds: float
    cost: float
    loss: float
    accuracy: float
    trace: float
    trace_error: float
    layers: tuple[LayerTrace, ...]


class CourseEpoch(Answer):
    """A network after ``epoch`` epochs; 0 is before the first.

    ``test_accuracy`` is that of clean images. All else is that of the monitored images as the
    network saw them in that epoch.
    """

    epoch: int
    test_accuracy: float
    loss: float
    accuracy: float
    trace: float
    trace_error: float
    layers: tuple[LayerTrace, ...]


class CourseRecord(Answer):
    """A training from scratch in which a deficit lasted from ``start`` until before ``end``.

    ``deficit`` is empty where there was none. ``rows`` has ``epochs + 1`` of them.
    """

    seed: int
    epochs: int
    deficit: str
    start: int
    end: int
    rows: tuple[CourseEpoch, ...]
