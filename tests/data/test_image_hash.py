from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from scipy.fft import dctn

from task2vec.data.pixels.image_hash import image_hash
from task2vec.errors import InputError
from task2vec.types.image_hashes import hashes_from_bytes, hashes_to_bytes

DIGEST = "0123456789abcdef" + 48 * "e"
PIXELS = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3)),
    elements=st.integers(0, 255),
)


def slowly(image: Image.Image) -> tuple[np.ndarray, list[float]]:
    """By how much each frequency's bit is set, in float64, and the mean colours of the cells."""
    small = image.resize((32, 32), Image.Resampling.BILINEAR, reducing_gap=3.0)
    pixels = np.asarray(small, dtype=np.float64)
    grey = 0.299 * pixels[..., 0] + 0.587 * pixels[..., 1] + 0.114 * pixels[..., 2]
    found = dctn(grey, norm="ortho")[:16, :16]
    found[0, 0] = 0.0
    scale = np.sqrt((found**2).sum() / 255)
    margins = (found - 0.02 * scale) / max(scale, 1e-9)
    colours = [
        pixels[8 * row : 8 * row + 8, 8 * column : 8 * column + 8, channel].mean()
        for row in range(4)
        for column in range(4)
        for channel in range(3)
    ]
    return margins, colours


def bits_by_frequency(words: np.ndarray) -> np.ndarray:
    bits = [bool(int(word) >> place & 1) for word in words for place in range(64)]
    low = [(r, c) for c in range(8) for r in range(8)]
    high = [(r, c) for c in range(16) for r in range(16) if max(r, c) >= 8]
    found = np.zeros((16, 16), dtype=bool)
    for bit, place in zip(bits, low + high, strict=True):
        found[place] = bit
    return found


@settings(deadline=None, max_examples=60)
@given(PIXELS)
def test_a_hash_is_that_of_the_slow_definition(pixels: np.ndarray) -> None:
    image = Image.fromarray(pixels)
    (found,) = image_hash(image, digest=DIGEST)
    margins, colours = slowly(image)
    assert found["digest"] == 0x0123456789ABCDEF
    np.testing.assert_allclose(found["colours"], colours, atol=0.51)
    grey = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR, reducing_gap=3.0)) @ [
        0.299,
        0.587,
        0.114,
    ]
    if grey.std() < 1.999:
        assert not found["words"].any()
    elif grey.std() > 2.001:
        sure = np.abs(margins) > 1e-4
        np.testing.assert_array_equal(bits_by_frequency(found["words"])[sure], (margins > 0)[sure])


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 64), (1200, 900)])
def test_an_image_of_one_colour_has_no_bits(size: tuple[int, int]) -> None:
    (found,) = image_hash(Image.new("RGB", size, (200, 30, 90)), digest=DIGEST)
    assert not found["words"].any()
    assert found["colours"].tolist() == [200, 30, 90] * 16


def test_a_photograph_encoded_anew_keeps_nearly_all_bits() -> None:
    rng = np.random.default_rng(0)
    rough = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    image = rough.resize((640, 480), Image.Resampling.BICUBIC)
    data = BytesIO()
    image.save(data, "JPEG", quality=60)
    (one,), (other,) = (
        image_hash(i, digest=DIGEST) for i in (image, Image.open(data).convert("RGB"))
    )
    assert np.bitwise_count(one["words"] ^ other["words"]).sum() <= 10
    assert np.abs(one["colours"].astype(int) - other["colours"]).max() <= 3


def test_hashes_survive_their_bytes() -> None:
    rng = np.random.default_rng(1)
    images = [Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)) for _ in range(5)]
    hashes = np.concatenate([image_hash(image, digest=DIGEST) for image in images])
    data = hashes_to_bytes(hashes)
    assert len(data) == 5 * 88
    np.testing.assert_array_equal(hashes_from_bytes(data), hashes)
    assert hashes_from_bytes(b"").shape == (0,)
    with pytest.raises(InputError, match="multiple of 88"):
        hashes_from_bytes(data[:-1])
