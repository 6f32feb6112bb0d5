"""Scores of one forward pass over a target's images: how well will a starting model do there?

The linear probe won, see docs/adr; the others are what it was compared with.
"""
