"""Sliding windows of convolutions and poolings: where they start and what lies outside the tensor.

Formulas: https://onnx.ai/onnx/operators/onnx__MaxPool.html (auto_pad, ceil_mode). A last window that would start
behind the tensor and its padding at the beginning is left out, as PyTorch and onnxruntime do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl_onnx.context import Context


@dataclass(frozen=True)
class Axis:
    """Windows along one axis.

    Args:
        side: of the tensor.
        kernel: taps of a window.
        stride: between windows.
        dilation: between taps.
        begin: padded places before the tensor.
        end: padded places after it, as the file says.
        windows: how many.
    """

    side: int
    kernel: int
    stride: int
    dilation: int
    begin: int
    end: int
    windows: int

    @property
    def reach(self) -> int:
        """Places from the first tap to the last."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def behind(self) -> int:
        """Places that the last window reaches behind the tensor; negative when it ends inside."""
        return (self.windows - 1) * self.stride + self.reach - self.side - self.begin

    @property
    def outside(self) -> tuple[int, int]:
        """Places outside the tensor that windows reach, before and after it."""
        return self.begin, max(self.behind, 0)

    @property
    def valid(self) -> bool:
        """Whether all windows are inside."""
        return self.outside == (0, 0)

    @property
    def same(self) -> bool:
        """Whether these are the windows of Keras's padding 'same'."""
        windows = -(-self.side // self.stride)
        total = max((windows - 1) * self.stride + self.reach - self.side, 0)
        return self.windows == windows and self.begin == total // 2


def padding_of(axes: Sequence[Axis]) -> str | None:
    """Keras's name for the padding, None if it has none for it."""
    if all(axis.valid for axis in axes):
        return "valid"
    return "same" if all(axis.same for axis in axes) else None


def windows_of(context: Context, sides: Sequence[int], kernel: Sequence[int]) -> list[Axis]:
    """The windows of a node, axis by axis.

    Args:
        context: of the node.
        sides: of the tensor, without batch and channels.
        kernel: taps along each axis.

    Raises:
        NotReadableError: attributes that do not fit the tensor.
    """
    rank = len(sides)
    strides = list(context.attribute("strides") or [1] * rank)
    dilations = list(context.attribute("dilations") or [1] * rank)
    pads = list(context.attribute("pads") or [0] * 2 * rank)
    if not len(kernel) == len(strides) == len(dilations) == rank == len(pads) / 2:
        raise context.refuse(f"its kernel, strides, dilations or pads are not those of {rank} axes")
    if min(pads) < 0 or min(strides) < 1 or min(dilations) < 1:
        raise context.refuse("its pads, strides or dilations are too small")
    return [
        _axis(context, *numbers)
        for numbers in zip(sides, kernel, strides, dilations, pads[:rank], pads[rank:], strict=True)
    ]


def _axis(context: Context, side: int, kernel: int, stride: int, dilation: int, begin: int, end: int) -> Axis:
    mode, reach = context.attribute("auto_pad", "NOTSET"), (kernel - 1) * dilation + 1
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        windows = -(-side // stride)
        total = max((windows - 1) * stride + reach - side, 0)
        begin = total // 2 if mode == "SAME_UPPER" else total - total // 2
        return Axis(side, kernel, stride, dilation, begin, total - begin, windows)
    if mode == "VALID":
        begin = end = 0
    room = side + begin + end - reach
    if room < 0:
        raise context.refuse(f"its kernel reaches over {reach} places, of {side + begin + end}")
    windows = room // stride + 1
    if context.attribute("ceil_mode", 0) and room % stride and windows * stride < side + begin:
        windows += 1
    return Axis(side, kernel, stride, dilation, begin, end, windows)
