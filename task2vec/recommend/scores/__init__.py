"""Scores that say from one forward pass how well a starting model will do on a target."""
