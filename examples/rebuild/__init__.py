"""Rebuild the example tasks from the Debian and npm packages that their images come from.

Run ``python -m examples.rebuild`` at the root of the repository. It needs Pillow, numpy and
fonttools, and the tools ``apt-get``, ``dpkg`` and ``npm``. With the package versions that are
pinned beside each source, and the same Pillow, two runs give the same bytes.
"""
