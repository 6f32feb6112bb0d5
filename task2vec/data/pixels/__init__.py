"""Image files: decoding, limits, hashes."""
