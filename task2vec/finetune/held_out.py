"""What models say of images that did not train them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetune.result import Score
from task2vec.finetune.temperature import fit_temperature


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Logits (N, C) of N images, with their labels (N,)."""

    logits: Tensor
    labels: NDArray[np.int64]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Which of the images (N,) are right."""
        return np.asarray(self.logits.argmax(dim=1).numpy() == self.labels)

    @property
    def score(self) -> Score:
        """Accuracy and mean cross-entropy, in nats, at the temperature that fits these images.

        Experts are calibrated in the end. As it is, the head of a linear probe on few images is too
        sure, and a network that was hardly trained would have the lesser loss for knowing nothing.
        """
        truth = torch.from_numpy(self.labels)
        temperature = fit_temperature(self.logits.numpy(), self.labels).value
        loss = nn.functional.cross_entropy(self.logits / temperature, truth).item()
        return Score(accuracy=float(self.correct.mean()), loss=loss)
