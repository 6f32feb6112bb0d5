"""What is kept of an embedding to explain answers by, from what it was made of."""

from task2vec.embedding.embedder import Embedded
from task2vec.recommend.hard_classes import recognise
from task2vec.types import Likelihood
from task2vec.types.details import EmbeddingDetails, LayerElements


def details_of(found: Embedded) -> EmbeddingDetails:
    """Return the layers of the embedding, and how many images of each class are recognised.

    The latter by the features that the head was fitted to: no image passes the network again.
    """
    sample = found.sample
    classes = None
    if sample.likelihood is Likelihood.CATEGORICAL:
        classes = recognise(found.features, sample.labels, classes=len(sample.classes))
    return EmbeddingDetails(
        tuple(LayerElements(name, elements) for name, elements in found.layers), classes
    )
