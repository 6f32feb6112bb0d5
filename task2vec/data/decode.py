"""From the bytes of an image file to RGB pixels, or to a short reason why not."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from task2vec.data.limits import MAX_IMAGE_BYTES, MAX_PIXELS
from task2vec.data.quiet import quiet
from task2vec.data.raw import UnreadableImageError
from task2vec.data.wording import shown

# Pillow knows dozens of formats, many of them seldom used and seldom audited.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"RIFF": "WebP",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, upright: bool = True) -> Image.Image:
    """Return the first frame of an encoded image as 8-bit RGB, ``upright`` as its EXIF data says.

    Only the formats of `FORMATS` are tried, whatever the file is called. The size in the header is
    checked before any pixel is decoded. ``max_pixels`` cannot raise Pillow's own limit
    (`PIL.Image.MAX_IMAGE_PIXELS`). Safe to call from several threads at once. Raises
    `UnreadableImageError`.
    """
    if not data:
        raise UnreadableImageError("empty file")
    if len(data) > MAX_IMAGE_BYTES:
        raise UnreadableImageError(f"larger than {MAX_IMAGE_BYTES // 2**20} MiB")
    limit = min(max_pixels, Image.MAX_IMAGE_PIXELS or max_pixels)
    # Pillow warns about oddities that it survives, such as corrupt EXIF data.
    with quiet():
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                width, height = image.size
                if width * height > limit:
                    raise UnreadableImageError(
                        f"{width} x {height} pixels, above the limit of {limit:,}"
                    )
                image.load()
                return to_rgb(image, upright=upright)
        except UnreadableImageError:
            raise
        except UnidentifiedImageError:
            raise UnreadableImageError(_describe(data)) from None
        except Image.DecompressionBombError:
            raise UnreadableImageError(f"more pixels than the limit of {limit:,}") from None
        except MemoryError:
            raise UnreadableImageError("too large for the memory") from None
        # Damaged files make the decoders raise nearly anything: OSError, SyntaxError, ValueError,
        # EOFError, struct.error, IndexError, ...
        except Exception as error:
            reason = (
                "truncated"
                if "truncated" in str(error).lower()
                else f"damaged: {shown(str(error))}"
            )
            raise UnreadableImageError(reason) from error


def to_image(raw: "bytes | Image.Image | UnreadableImageError") -> Image.Image:
    """Return the RGB image that a reader gave, encoded or ready; raises `UnreadableImageError`."""
    if isinstance(raw, UnreadableImageError):
        raise raw
    return decode(raw) if isinstance(raw, bytes) else to_rgb(raw)


def to_rgb(image: Image.Image, *, upright: bool = True) -> Image.Image:
    """Return an image of any mode as 8-bit RGB, upright, with transparency laid on white.

    16-bit grey is scaled so that 65535 becomes 255. Raises `UnreadableImageError` for pixels
    without a natural brightness (floating point, wider than 16 bits) and other colour spaces.
    """
    image = _upright(image) if upright else image.copy()
    if image.mode == "F" or image.mode.startswith("I"):
        image = _from_wide_grey(image)
    try:
        if not image.has_transparency_data:
            return image if image.mode == "RGB" else image.convert("RGB")
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        return white.convert("RGB")
    except ValueError as error:
        raise UnreadableImageError(f"pixels of mode {image.mode}") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    # Corrupt EXIF data says nothing about the pixels, which are good.
    except Exception:
        return image.copy()


def _from_wide_grey(image: Image.Image) -> Image.Image:
    pixels = np.asarray(image)
    if pixels.dtype.kind == "f" or pixels.min() < 0 or pixels.max() > 65535:
        raise UnreadableImageError(f"pixels of mode {image.mode} that are not 8 or 16 bits wide")
    return Image.fromarray(((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _describe(data: bytes) -> str:
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            return f"damaged or truncated {name}"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf"):
        return "a PDF, not an image"
    if b"<svg" in start:
        return "an SVG drawing, not pixels"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page, not an image"
    if b"\0" not in start and start.isascii():
        return "text, not an image"
    return "not an image of a supported format"
