"""How each operator becomes Keras layers: one handler an operator, one family a file."""

from __future__ import annotations

from snnctl_onnx.operators.activations import ACTIVATION_HANDLERS
from snnctl_onnx.operators.arithmetic import ARITHMETIC_HANDLERS
from snnctl_onnx.operators.convolution import CONVOLUTION_HANDLERS
from snnctl_onnx.operators.linear import LINEAR_HANDLERS
from snnctl_onnx.operators.merging import MERGING_HANDLERS
from snnctl_onnx.operators.normalization import NORMALIZATION_HANDLERS
from snnctl_onnx.operators.passing import PASSING_HANDLERS
from snnctl_onnx.operators.pooling import POOLING_HANDLERS
from snnctl_onnx.operators.rearranging import REARRANGING_HANDLERS
from snnctl_onnx.operators.reductions import REDUCTION_HANDLERS
from snnctl_onnx.table import Handler

HANDLERS: dict[str, Handler] = {
    **CONVOLUTION_HANDLERS,
    **LINEAR_HANDLERS,
    **NORMALIZATION_HANDLERS,
    **ACTIVATION_HANDLERS,
    **POOLING_HANDLERS,
    **REDUCTION_HANDLERS,
    **REARRANGING_HANDLERS,
    **ARITHMETIC_HANDLERS,
    **MERGING_HANDLERS,
    **PASSING_HANDLERS,
}

QUANTISED = "the network is quantised; export it as it was before"
RECURRENT = "recurrent layers have no spiking form here"
OWN_STATISTICS = "it normalises by each sample's own statistics; train with BatchNormalization"

REASONS: dict[str, str] = {
    **dict.fromkeys(
        (
            "QuantizeLinear",
            "DequantizeLinear",
            "DynamicQuantizeLinear",
            "QLinearConv",
            "QLinearMatMul",
            "ConvInteger",
            "MatMulInteger",
        ),
        QUANTISED,
    ),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), RECURRENT),
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "GroupNormalization"), OWN_STATISTICS),
    **dict.fromkeys(("ArgMax", "ArgMin", "TopK"), "it returns places; export the network up to its logits"),
    **dict.fromkeys(("Loop", "Scan", "If"), "what it does depends on the input"),
}
"""Why operators without a handler cannot be read, where more can be said than that there is none."""
