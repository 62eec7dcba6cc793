"""Damaged copies of a file's content, the same ones every time."""

from __future__ import annotations

import random
from collections.abc import Callable

Change = Callable[[bytearray, random.Random], bytearray]
HEAD = 4096  # where a file says how it is laid out; half of the changes are made there


def mutated(content: bytes, seed: int) -> bytes:
    """``content`` with a bit flipped, several flipped, its end cut off, a stretch zeroed, or a byte replaced."""
    chance = random.Random(seed)
    change = chance.choice((flip, flip, flip_many, cut, wipe, replace))
    return bytes(change(bytearray(content), chance))


def place(content: bytearray, chance: random.Random) -> int:
    return chance.randrange(min(len(content), HEAD) if chance.random() < 0.5 else len(content))


def flip(content: bytearray, chance: random.Random) -> bytearray:
    content[place(content, chance)] ^= 1 << chance.randrange(8)
    return content


def flip_many(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randrange(2, 30)):
        flip(content, chance)
    return content


def cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content))]


def wipe(content: bytearray, chance: random.Random) -> bytearray:
    start = place(content, chance)
    stretch = content[start : start + chance.randrange(1, 200)]
    content[start : start + len(stretch)] = bytes(len(stretch))
    return content


def replace(content: bytearray, chance: random.Random) -> bytearray:
    content[place(content, chance)] = chance.choice((0, 1, 127, 128, 254, 255))
    return content
