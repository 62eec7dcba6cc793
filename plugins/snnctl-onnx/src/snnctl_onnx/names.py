"""Names of layers, after those of the exported modules."""

from __future__ import annotations

import re
from collections.abc import Sequence

PARAMETERS = (".weight", ".kernel")


def layer_name(node: str, op: str, inputs: Sequence[str], taken: set[str]) -> str:
    """A new name for a node's layer: its weights' ('layer1.0.conv1.weight'), or its own ('/layer1/layer1.0/Relu').

    Args:
        node: name of the node, perhaps empty.
        op: its operator.
        inputs: names of what it reads.
        taken: names that are in use; not changed.
    """
    weights = [name for name in inputs if name.endswith(PARAMETERS)]
    name = weights[0].rsplit(".", 1)[0] if weights else _of_node(node, op)
    name = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or op.lower()
    return unused(name, taken)


def unused(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken."""
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _of_node(node: str, op: str) -> str:
    *scopes, last = [part for part in node.split("/") if part] or [op]
    # Scopes of PyTorch repeat those around them: /layer1/layer1.0/relu/Relu.
    kept = [scope for scope, inner in zip(scopes, [*scopes, ""][1:], strict=True) if not inner.startswith(scope)]
    # PyTorch's newer exporter calls nodes node_relu_1, some only n4.
    last = re.sub(r"^n\d+(_\d+)?$", op, last).removeprefix("node_").lower()
    if kept and re.fullmatch(rf"{op.lower()}(_\d+)?", last) and op.lower() in kept[-1].lower():
        return "_".join(kept)
    return "_".join([*kept, last])
