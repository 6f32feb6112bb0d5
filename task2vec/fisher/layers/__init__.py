"""The squared weight gradients of each kind of layer, per image and filter."""
