"""The diagonal Fisher information, image by image, averaged per filter."""
