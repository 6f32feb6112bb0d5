"""Freedoom: sprites of monsters, by the direction they face and by what they are.

The two tasks take different monsters, so that an expert of one has not seen the other's.
"""

import struct
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, on_ground, squared
from examples.rebuild.packages import Package

PACKAGE = Package(
    "freedoom",
    "0.13.0-2",
    "2671a19ec2b917e81031ccb067e317d46ea4f3d4591fd8b533248bed7facc4c6",
)
SIZE = 72
GREY = (128, 128, 128)
# Rotations run clockwise from 1, the front; left and right are one class, since the game
# mirrors many sprites instead of drawing both.
FACING = {
    "1": "front",
    "2": "half_front",
    "8": "half_front",
    "3": "side",
    "7": "side",
    "4": "half_back",
    "6": "half_back",
    "5": "back",
}
FACING_MONSTERS = {"POSS", "SPOS", "CPOS", "TROO", "SARG", "BOSS", "CYBR", "SSWV", "FATT", "PLAY"}
# Freedoom's own names, from the DEHACKED lump of the same file.
MONSTERS = {
    "BSPI": "technospider",
    "HEAD": "trilobite",
    "PAIN": "matribite",
    "SKEL": "octaminator",
    "SKUL": "hatchling",
    "SPID": "large_technospider",
    "VILE": "necromancer",
}


def _lumps(wad: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the named pieces of a WAD file in order."""
    _, count, directory = struct.unpack_from("<4sii", wad)
    for entry in range(count):
        start, size, name = struct.unpack_from("<ii8s", wad, directory + 16 * entry)
        yield name.rstrip(b"\0").decode("ascii"), wad[start : start + size]


def _sprite(lump: bytes, palette: NDArray[np.uint8]) -> Image.Image:
    """Decode a picture lump (columns of posts) with a (256, 3) palette to RGBA."""
    width, height = struct.unpack_from("<HH", lump)
    pixels = np.zeros((height, width, 4), np.uint8)
    for column, start in enumerate(struct.unpack_from(f"<{width}I", lump, 8)):
        at = start
        while lump[at] != 0xFF:
            top, length = lump[at], lump[at + 1]
            # A byte of padding stands before and after the colours of a post.
            colours = np.frombuffer(lump, np.uint8, count=length, offset=at + 3)
            pixels[top : top + length, column, :3] = palette[colours]
            pixels[top : top + length, column, 3] = 255
            at += length + 4
    return Image.fromarray(pixels)


def _sprites(root: Path, monsters: Collection[str]) -> Iterator[tuple[str, str, Image.Image]]:
    """Yield (lump name, rotation, image) of the sprites of ``monsters``."""
    lumps = list(_lumps((root / "usr/share/games/doom/freedoom2.wad").read_bytes()))
    names = [name for name, _ in lumps]
    palette = np.frombuffer(lumps[names.index("PLAYPAL")][1], np.uint8, count=768).reshape(256, 3)
    for name, lump in lumps[names.index("S_START") + 1 : names.index("S_END")]:
        if name[:4] in monsters:
            image = squared(on_ground(_sprite(lump, palette), GREY), SIZE, ground=GREY)
            yield name, name[5], image


def _facing(unpacked: Callable[[Package], Path]) -> list[Drawing]:
    return [
        Drawing(FACING[rotation], f"{name[:5]}__{name[5:]}".lower(), image)
        for name, rotation, image in _sprites(unpacked(PACKAGE), FACING_MONSTERS)
        if rotation in FACING
    ]


def _monsters(unpacked: Callable[[Package], Path]) -> list[Drawing]:
    return [
        Drawing(MONSTERS[name[:4]], f"{name[:5]}__{name[5:]}".lower(), image)
        for name, rotation, image in _sprites(unpacked(PACKAGE), MONSTERS)
        # Rotation 0 is seen from everywhere: deaths and explosions, hard to tell apart.
        if rotation in FACING
    ]


def _task(
    name: str, drawings: Callable[[Callable[[Package], Path]], list[Drawing]], *, per_class: int
) -> ExampleTask:
    return ExampleTask(
        name=name,
        family="sprites",
        packages=(PACKAGE,),
        done=f"sprites of freedoom2.wad, at most {SIZE} px, on a grey square",
        licence="BSD-3-Clause",
        attribution="Freedoom, © 2001-2024 Contributors to the Freedoom project",
        notice="freedoom.txt",
        per_class=per_class,
        drawings=drawings,
    )


TASKS = (
    _task("sprites_facing", _facing, per_class=60),
    _task("sprites_monsters", _monsters, per_class=28),
)
