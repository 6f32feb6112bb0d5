"""How much one image or one archive may ask of the machine, and why that much."""

MAX_PIXELS = 80_000_000
"""Pixels of one image: more than any common camera gives, 320 MB in memory, and below the 89
million at which Pillow itself suspects a decompression bomb."""

LARGE_PIXELS = 20_000_000
"""Pixels of an image, 80 MB, above which one at a time is decoded: however many threads there are,
the images of a source take at most 1.2 GB."""

MAX_AHEAD_BYTES = 256 * 2**20
"""Bytes of images that wait to be decoded; a single one may be as large as `MAX_IMAGE_BYTES`."""

MAX_IMAGE_BYTES = 256 * 2**20
"""Bytes of one encoded image: enough for `MAX_PIXELS` uncompressed."""

MAX_MEMBERS = 2_000_000
"""Members of one archive: all of ImageNet is 1.3 million."""

MAX_DIRECTORY_BYTES = 256 * 2**20
"""Bytes of a zip's directory, which is read at once: `MAX_MEMBERS` at some 130 bytes each."""

MAX_EXPANSION = 200
"""Bytes out of a compressed tar for each byte in, beyond the first `FREE_EXPANSION_BYTES`. Images
shrink little; even uncompressed drawings seldom reach 100."""

FREE_EXPANSION_BYTES = 2**30
"""What a compressed tar may always expand to: small archives of flat drawings expand a lot."""

MAX_ARRAY_BYTES = 16 * 2**30
"""Bytes of the arrays of one ``.npz``, which are held in memory."""

MAX_DOCUMENT_BYTES = 2**30
"""Bytes of a document that lists images: the annotations of COCO's training images take 450 MB."""

MAX_SENT_DOCUMENT_BYTES = 32 * 2**20
"""The same of a source that is not trusted: parsed, it takes 400 MB at most."""

MAX_BOXES = 5_000_000
"""Boxes of one detection data set: COCO has 0.9 million, Open Images 16 million."""

MAX_CLASS_NAME = 1_000
"""Characters of the name of a class: a sentence or two."""

MAX_LABELS = 2**28
"""Images times classes where an image may have several labels: a matrix of that many bytes."""

MAX_LISTED_LABELS = 10_000_000
"""Labels in the lists of one row group of a table, 80 MB as numbers: what repeats takes next to
nothing in the file."""

MAX_LABELS_PER_IMAGE = 100_000
"""Labels in the list of one image."""

FREE_PARTS, BYTES_PER_PART = 200_000, 20
"""Lists and objects that a JSON document may always have, and the bytes that each further one
needs: the annotation of a box has two in 55 bytes or more, and each takes 60 to 230 bytes of memory
once it is parsed."""

MAX_LINES = MAX_MEMBERS
"""Lines of a list of images."""

MAX_LINE = 4 * 2**20
"""Characters of a line of JSON: thousands of classes by name."""
