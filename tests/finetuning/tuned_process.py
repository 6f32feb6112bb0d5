"""Fine-tunes a small network and prints each pass; a program, to be killed in the middle."""

import sys
from pathlib import Path

import numpy as np

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.embedding.engine import LocalEngine
from task2vec.finetuning import resume
from task2vec.finetuning.result import Tuned
from task2vec.finetuning.run import Expert, forget, tune
from task2vec.finetuning.settings import FineTuningSettings

SETTINGS = FineTuningSettings(epochs=4, patience=4, learning_rate=0.01, batch_size=16, seed=3)


def fine_tune(reference: str, folder: Path, *, images: int) -> Tuned:
    """Write ``folder``/expert.safetensors and say on stdout what is being done, line by line."""
    resume.EVERY = 0.0
    pixels = np.random.default_rng(0).integers(0, 256, (images, 32, 32, 3), dtype=np.uint8)
    pixels[images // 2 :, :, :16] //= 2
    labels = [0] * (images // 2) + [1] * (images - images // 2)
    tuned = tune(
        LocalEngine("cpu").probe(reference),
        task_from_arrays(pixels, labels, name="halves"),
        images=images,
        settings=SETTINGS,
        expert=Expert("halves expert", "halves", "small"),
        target=folder / "expert.safetensors",
        progress=lambda doing, done, total: print(f"{doing}; {done} of {total}", flush=True),
        unfinished=folder / "unfinished",
    )
    forget(folder / "unfinished", "halves expert")
    return tuned


if __name__ == "__main__":
    found = fine_tune(sys.argv[1], Path(sys.argv[2]), images=int(sys.argv[3]))
    print(found.model_dump_json())
