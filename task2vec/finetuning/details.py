"""What is kept of an embedding beside its numbers, from what it was made of."""

from task2vec.embedding.class_scatter import class_scatter
from task2vec.embedding.embedder import Embedded
from task2vec.probe.head_information import head_information
from task2vec.recommendation.measure.ridge import recognise
from task2vec.types import Likelihood
from task2vec.types.details import EmbeddingDetails, LayerElements


def details_of(found: Embedded) -> EmbeddingDetails:
    """Return the embedding's layers, which images are recognised, the scatter, the nats.

    All but the first by the features that the head was fitted to: no image passes the network
    again.
    """
    sample, count = found.sample, len(found.sample.classes)
    classes = head = None
    if sample.likelihood is Likelihood.CATEGORICAL:
        classes = recognise(found.features, sample.labels, classes=count)
        head = head_information(
            found.head,
            found.features,
            sample.labels,
            penalty=found.embedding.space.head_penalty,
        )
    scatter = class_scatter(found.features, sample.labels, classes=count)
    return EmbeddingDetails(
        layers=tuple(LayerElements(name, elements) for name, elements in found.layers),
        classes=classes,
        scatter=scatter,
        head=head,
    )
