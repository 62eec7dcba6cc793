"""What snnctl writes into the metadata of NIR nodes: flat keys that begin with ``snnctl.``; docs/plugins/nir.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

PREFIX = "snnctl."
FORMAT, VERSION = "snnctl-nir", 1


def packed(**values: Any) -> dict[str, Any]:
    """Metadata of these fields: numbers, texts and arrays as they are, all else as JSON text; None is left out."""
    return {PREFIX + name: _packed(value) for name, value in values.items() if value is not None}


def unpacked(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in a node's metadata, without the prefix; JSON texts stay texts.

    What h5py reads as NumPy scalars becomes numbers of Python.
    """
    return {
        name.removeprefix(PREFIX): value.item() if isinstance(value, np.generic) else value
        for name, value in metadata.items()
        if name.startswith(PREFIX)
    }


def plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a Keras layer's configuration that says what it computes: numbers, texts, and rows of them.

    Initialisers, regularisers and the like, which are objects, matter to training only.
    """
    return {key: value for key, value in config.items() if key not in ("name", "dtype") and _is_plain(value)}


def _packed(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (str, int, float, np.ndarray, np.generic)):
        return value
    return json.dumps(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(part) for part in value)
    return value is None or isinstance(value, (bool, int, float, str))
