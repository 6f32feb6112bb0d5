"""Going on with fewer images at once where memory does not suffice for all of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from task2vec.errors import SettingError


class BackOff:
    """Halves how many images go through a function at once each time memory runs out.

    What was found to be too many is not tried again. The function must treat its images one by
    one, so that the results are the same, to float tolerance, for any number at once.
    """

    def __init__(self) -> None:
        self._most: int | None = None

    def __call__(self, images: Tensor, work: Callable[[Tensor, int], Tensor]) -> Tensor:
        """Return ``work(images, 0)`` (N, ...), joined from parts where need be.

        ``work`` is given images and the position of the first among all.

        Raises `SettingError` where memory does not suffice for one image.
        """
        found: list[Tensor] = []
        first = 0
        while first < len(images):
            some = images[first : first + (self._most or len(images))]
            try:
                found.append(work(some, first))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if len(some) == 1:
                    raise SettingError(
                        "Memory does not suffice for one image",
                        got=f"{tuple(images.shape[2:])} pixels on {images.device}",
                        remedy="Use a smaller probe or input size, or a device with more memory.",
                    ) from error
                self._most = len(some) // 2
            else:
                first += len(some)
                continue
            # Outside of the handler, which keeps alive what the failed attempt had allocated.
            if images.is_cuda:
                torch.cuda.empty_cache()
        return torch.cat(found) if len(found) > 1 else found[0]


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on a device or here."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # torch has no type of its own for memory of the host.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
