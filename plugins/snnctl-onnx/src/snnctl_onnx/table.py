"""What a handler is: how the nodes of one operator become Keras layers."""

from __future__ import annotations

from collections.abc import Callable

from snnctl_onnx.context import Value

Handler = Callable[..., Value | list[Value]]
"""``handler(context, *inputs)``: what the node makes, one value or one for each output."""
