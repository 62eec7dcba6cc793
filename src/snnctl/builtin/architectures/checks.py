"""What architectures ask of their input shape and options."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from snnctl.errors import UsageError


def require_image(arch: str, input_shape: tuple[int, ...], smallest: int) -> None:
    """Refuse inputs that are not images of at least ``smallest`` x ``smallest`` pixels.

    Args:
        arch: the architecture's name, for the message.
        input_shape: shape of one sample; an image is (height, width, channels).
        smallest: least height and width in pixels.

    Raises:
        UsageError: not an image, or too small.
    """
    if len(input_shape) != 3:
        raise UsageError(
            f"Architecture {arch} takes images of shape (height, width, channels), not samples of shape {input_shape}.",
            todo="For other samples use --arch fc.",
        )
    height, width, _ = input_shape
    if min(height, width) < smallest:
        raise UsageError(
            f"Architecture {arch} needs images of at least {smallest}x{smallest} pixels, not {height}x{width}.",
            todo="For smaller images use --arch fc2 or fc.",
        )


def require_positive(arch: str, option: str, values: Sequence[float]) -> None:
    """Refuse an option unless all its values are finite and above zero.

    Raises:
        UsageError: a value is zero, negative or not finite; names architecture and option.
    """
    for value in values:
        if not 0 < value < inf:
            raise UsageError(f"Option {option} of architecture {arch} must be a number above zero, not {value}.")
