"""What an expert knows, by what it sees in a fixed set of images: is it worth keeping?

    python -m research.anchors           judges both uses of it; some minutes
    python -m research.anchors.soups     averages and concatenations of networks; some minutes

Anchors are a few images of each development task; those of the target's family are left out where a
target is judged. Every starting model of `research.transfer` passes them once.
"""
