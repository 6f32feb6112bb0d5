"""As many JPEG pictures as a benchmark needs, made of the example images."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.examples import families, folder


def write_pictures(
    target: Path, *, images: int, classes: int, size: tuple[int, int] = (320, 240), seed: int = 0
) -> Path:
    """Write ``images`` different pictures into a folder for each class, and return ``target``.

    A picture is a random crop of an example image, scaled up, in a tint of its own. A class takes
    its images from one class of the examples; where those run out it is told by its colour.
    """
    pools = _pools()
    rng = np.random.default_rng(seed)
    for number in range(images):
        label = number % classes
        place = target / f"class-{label:04}"
        place.mkdir(parents=True, exist_ok=True)
        pool = pools[label % len(pools)]
        colour = np.random.default_rng(label).uniform(0.5, 1, 3)
        picture = _crop(pool[rng.integers(len(pool))], rng).resize(size, Image.Resampling.BICUBIC)
        tint = colour * rng.uniform(0.8, 1.2, 3)
        bands = [
            band.point(lambda value, factor=factor: round(value * factor))
            for band, factor in zip(picture.split(), tint, strict=True)
        ]
        Image.merge("RGB", bands).save(place / f"{number:06}.jpg", quality=88)
    return target


def _crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    share = rng.uniform(0.6, 0.95, 2)
    width, height = (max(8, round(side * s)) for side, s in zip(image.size, share, strict=True))
    left = int(rng.integers(image.width - width + 1))
    top = int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _pools() -> list[list[Image.Image]]:
    """Return the example images of each class of each task, as RGB."""
    places = sorted(
        place for name in families() for place in folder(name).iterdir() if place.is_dir()
    )
    found = [
        [Image.open(path).convert("RGB") for path in sorted(place.iterdir())[:40]]
        for place in places
    ]
    return [pool for pool in found if pool]
