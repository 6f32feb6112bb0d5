"""What models might see: features, labels and source logits of many shapes."""

import numpy as np
from hypothesis import strategies as st

from research.scores.seen import Seen


def made(
    images=30, width=8, classes=3, sources=5, *, signal=1.0, seed=0, scale=1.0, offset=0.0
) -> Seen:
    """Draw noise around class centres; the first images have the classes in turn, two of each."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=images)
    labels[: 2 * classes] = np.tile(np.arange(classes), 2)[:images]
    centres = signal * rng.normal(size=(classes, width))
    features = scale * (offset + centres[labels] + rng.normal(size=(images, width)))
    logits = features @ rng.normal(size=(width, sources)) / scale
    gradients = features @ rng.normal(size=(width, 2 * width)) / scale
    return Seen(
        features, labels, classes=classes, source_logits=logits, seed=seed, gradients=gradients
    )


def with_parts(seen: Seen, **parts) -> Seen:
    """Return ``seen`` with some of its parts replaced."""
    old = {
        "features": seen.features,
        "labels": seen.labels,
        "classes": seen.classes,
        "source_logits": seen.source_logits,
        "seed": seen.seed,
        "gradients": seen.gradients,
    }
    return Seen(**{**old, **parts})


def rotation(width: int, *, seed=0) -> np.ndarray:
    """Draw an orthogonal matrix."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0]


@st.composite
def seens(draw) -> Seen:
    """Few images or many, wider than they are many or not, two of each class at least."""
    classes = draw(st.integers(2, 5))
    return made(
        images=draw(st.integers(2 * classes, 40)),
        width=draw(st.sampled_from([1, 2, 5, 17, 60])),
        classes=classes,
        sources=draw(st.integers(1, 7)),
        signal=draw(st.sampled_from([0.0, 0.5, 2.0])),
        offset=draw(st.sampled_from([0.0, 3.0])),
        seed=draw(st.integers(0, 10_000)),
    )
