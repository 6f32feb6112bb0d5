"""A slow oracle: what a network saved by Keras gives, computed layer by layer as its file says."""

import json

import h5py
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def logits_of(path, image):
    """Return the values before the softmax for an (S, S, 3) image; float64, nothing of torch."""
    with h5py.File(path) as file:
        outer = json.loads(file.attrs["model_config"])["config"]["layers"]
        weights = file["model_weights"]
        values = np.asarray(image, np.float64)
        for layer in outer:
            if layer["class_name"] == "Functional":
                name = layer["config"]["name"]
                values = _graph(layer["config"]["layers"], weights[name], values)
            elif layer["class_name"] == "GlobalAveragePooling2D":
                values = values.mean(axis=(0, 1))
            elif layer["class_name"] == "Dense":
                dense = weights["dense"]["dense"]
                values = values @ dense["kernel"][()].astype(np.float64) + dense["bias"][()]
            else:  # Dropout does nothing when it is not trained.
                assert layer["class_name"] in ("InputLayer", "Dropout")
    return values


def _graph(layers, weights, image):
    found = {}
    for layer in layers:
        settings, kind = layer["config"], layer["class_name"]
        name = settings["name"]
        inputs = [found[source] for source in _sources(layer["inbound_nodes"])]
        if kind == "InputLayer":
            found[name] = image
        elif kind == "Add":
            found[name] = inputs[0] + inputs[1]
        elif kind == "ReLU":
            found[name] = np.clip(inputs[0], 0, settings["max_value"])
        elif kind == "ZeroPadding2D":
            found[name] = np.pad(inputs[0], [*settings["padding"], (0, 0)])
        elif kind == "BatchNormalization":
            gamma, beta, mean, variance = (
                weights[name][each][()].astype(np.float64)
                for each in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            scale = gamma / np.sqrt(variance + settings["epsilon"])
            found[name] = (inputs[0] - mean) * scale + beta
        else:
            kernel = weights[name]["kernel"][()].astype(np.float64)
            windows = _windows(inputs[0], settings)
            rule = {"Conv2D": "xyihw,hwio->xyo", "DepthwiseConv2D": "xyihw,hwid->xyi"}[kind]
            found[name] = np.einsum(rule, windows, kernel, optimize=True)
    return found[name]


def _sources(value):
    if isinstance(value, dict):
        if "keras_history" in value:
            return [value["keras_history"][0]]
        value = list(value.values())
    return [name for each in value for name in _sources(each)] if isinstance(value, list) else []


def _windows(values, settings):
    sizes, steps = settings["kernel_size"], settings["strides"]
    if settings["padding"] == "same":
        padding = []
        for length, size, step in zip(values.shape[:2], sizes, steps, strict=True):
            missing = max((-(-length // step) - 1) * step + size - length, 0)
            padding.append((missing // 2, missing - missing // 2))
        values = np.pad(values, [*padding, (0, 0)])
    return sliding_window_view(values, sizes, axis=(0, 1))[:: steps[0], :: steps[1]]
