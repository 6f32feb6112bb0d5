"""Emoji of two designs (Twemoji and Noto Emoji): food by kind, hands by gesture."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, on_ground
from examples.rebuild.packages import Package

TWITTER = Package(
    "emoji-datasource-twitter",
    "16.0.0",
    "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
    "npm",
)
GOOGLE = Package(
    "emoji-datasource-google",
    "16.0.0",
    "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    "npm",
)
DESIGNS = {"twitter": TWITTER, "google": GOOGLE}
FOOD = {
    "food-fruit": "fruit",
    "food-vegetable": "vegetable",
    "food-prepared": "prepared_dish",
    "food-asian": "asian_dish",
    "food-sweet": "sweet",
    "drink": "drink",
}
HANDS = {
    "hand-fingers-open": "open_hand",
    "hand-fingers-partial": "some_fingers",
    "hand-single-finger": "one_finger",
    "hand-fingers-closed": "fist",
    "hands": "two_hands",
}
RENAMED = {"+1": "thumbs_up", "-1": "thumbs_down"}
# A rude gesture.
EXCLUDED = {"middle_finger"}
TONES = {
    "1F3FB": "light",
    "1F3FC": "medium_light",
    "1F3FD": "medium",
    "1F3FE": "medium_dark",
    "1F3FF": "dark",
}


def _variants(entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the plain drawing of an emoji and those of one skin tone."""
    yield "plain", entry
    for tone, variant in entry.get("skin_variations", {}).items():
        if tone in TONES:
            yield TONES[tone], variant


def pictures(folder: Path, design: str) -> Iterator[tuple[Mapping[str, Any], str, Path]]:
    """Yield (entry of the emoji, tone, file) of every emoji that a design draws."""
    for entry in json.loads((folder / "emoji.json").read_text("utf-8")):
        for tone, variant in _variants(entry):
            if variant[f"has_img_{design}"]:
                yield entry, tone, folder / "img" / design / "64" / variant["image"]


def _drawings(unpacked: Callable[[Package], Path], classes: Mapping[str, str]) -> list[Drawing]:
    drawings = []
    for design, package in DESIGNS.items():
        for entry, tone, file in pictures(unpacked(package) / "package", design):
            label = classes.get(entry["subcategory"])
            if label is None or entry["short_name"] in EXCLUDED:
                continue
            name = RENAMED.get(entry["short_name"], entry["short_name"]).replace("-", "_")
            with Image.open(file) as image:
                drawings.append(Drawing(label, f"{name}__{tone}_{design}", on_ground(image)))
    return drawings


def _task(name: str, classes: Mapping[str, str], *, per_class: int) -> ExampleTask:
    def drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
        return _drawings(unpacked, classes)

    return ExampleTask(
        name=name,
        family="emoji",
        packages=(TWITTER, GOOGLE),
        done="64 px, on white",
        licence="CC-BY-4.0 (files named *_twitter), Apache-2.0 (files named *_google)",
        attribution="Twemoji, © Twitter, Inc and other contributors; Noto Emoji, © Google",
        notice="emoji.txt",
        per_class=per_class,
        drawings=drawings,
    )


TASKS = (
    _task("emoji_food", FOOD, per_class=50),
    _task("emoji_hands", HANDS, per_class=50),
)
