"""Predicted accuracies and their intervals."""
