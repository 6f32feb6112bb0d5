"""What models say of images that did not train them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.recommend.choice import Score


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Logits (N, C) of N images, with their labels (N,)."""

    logits: Tensor
    labels: NDArray[np.int64]

    @property
    def score(self) -> Score:
        """Accuracy and mean cross-entropy, in nats."""
        truth = torch.from_numpy(self.labels)
        loss = nn.functional.cross_entropy(self.logits, truth).item()
        return Score(float((self.logits.argmax(dim=1) == truth).float().mean()), loss)
