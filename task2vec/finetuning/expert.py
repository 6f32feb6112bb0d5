"""An expert at work, from its file: the classifier it holds, and what it says of images.

Importing this loads no torch.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from task2vec.data.formats.images import Images, find_images
from task2vec.finetuning.card import ClassifierCard
from task2vec.messages.predictions import Prediction
from task2vec.probe.weight_files import referenced_file

if TYPE_CHECKING:
    from task2vec.embedding.engine import LocalEngine
    from task2vec.finetuning.predict import Classifier

#: Told of (images done, images in all).
Progress = Callable[[int, int], None]


def classifier_of(engine: "LocalEngine", reference: str, card: ClassifierCard) -> "Classifier":
    """Return the classifier of an expert's file, on the engine's device."""
    from task2vec.finetuning.predict import load_classifier

    return load_classifier(engine.probe(reference), referenced_file(reference), card)


def predict_by(
    engine: "Callable[[], LocalEngine]",
    reference: str,
    card: ClassifierCard,
    paths: Sequence[str | os.PathLike[str]],
    *,
    progress: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Prediction]:
    """Return an iterator over what an expert predicts of images, in their order.

    ``reference`` is the ``file:PATH`` of the expert. ``warn`` hears of what was left out. An image
    that cannot be read is a prediction with ``error``. Raises `SourceError` where there is no
    image, and `WeightsError` for a file that is no expert.
    """
    images = find_images(paths)
    for warning in (*images.warnings, *card.warnings):
        if warn is not None:
            warn(warning)
    classifier = classifier_of(engine(), reference, card)
    return classify_each(classifier, images, progress)


def classify_each(
    classifier: "Classifier", images: Images, progress: Progress | None = None
) -> Iterator[Prediction]:
    """Yield what a classifier gives of each image."""
    from task2vec.finetuning.predict import predictions

    total = len(images)
    for done, each in enumerate(predictions(classifier, images.read()), start=1):
        yield each
        if progress is not None:
            progress(done, total)
