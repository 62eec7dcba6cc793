"""The options of ``sweep``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from snnctl.verbs.options import (
    MOST_BITS,
    NO_BITS,
    ModelSourceOptions,
    OptimisationOptions,
    Positive,
    Weight,
    require_range,
)
from snnctl.verbs.sweep.axes import MOST, numbers, whole_numbers
from snnctl.verbs.sweep.grid import AXES, count, given_axes

MOST_SEED = 2**32

Bits = Annotated[tuple[int, ...], BeforeValidator(whole_numbers(0, MOST_BITS))]
Noise = Annotated[tuple[float, ...], BeforeValidator(numbers(0, 1e6))]
Quantiles = Annotated[tuple[float, ...], BeforeValidator(numbers(0, 1, above_low=True))]
Margins = Annotated[tuple[float, ...], BeforeValidator(numbers(0, 1e3))]


class SweepOptions(ModelSourceOptions, OptimisationOptions):
    """Measure a spiking network under hardware constraints, value by value; with fine-tuning also after it."""

    spiking_only = True

    noise: Noise | None = Field(
        None, description="Axis: standard deviations of the jitter of spike times, in tau_c, such as 0,0.01,0.1."
    )
    time_bits: Bits | None = Field(None, description="Axis: bits of a spike's time in its window, such as 3..8 or 3,5.")
    weight_bits: Bits | None = Field(None, description="Axis: bits of a weight, such as 3..8.")
    threshold_bits: Bits | None = Field(None, description="Axis: bits of a threshold, such as 4..8.")
    latency_quantile: Quantiles | None = Field(
        None, description="Axis: part of a layer's spikes that its window is made for, such as 0.9,0.99,1."
    )
    zeta: Margins | None = Field(None, description="Axis: margin of the windows beyond that, as a part of them.")
    w_min: Weight | None = Field(None, description="Smallest weight of --weight-bits; each layer's own when not given.")
    w_max: Weight | None = Field(None, description="Largest weight of --weight-bits; each layer's own when not given.")
    grid: bool = Field(False, description="All combinations of the axes; without it each axis alone.")
    repeats: int = Field(
        5, gt=0, le=1000, description="Seeds of each point that is random (seed, seed + 1, ...): mean and spread."
    )
    split: Literal["test", "train"] = Field("test", description="Split to measure on.")
    finetune_epochs: int = Field(
        0, ge=0, description="Passes over the training data under each point's constraints; 0: none."
    )
    finetune_batch_size: Positive | None = Field(
        None, description="Samples in a batch of fine-tuning; as --batch-size when not given."
    )
    lr: float = Field(1e-4, gt=0, le=1e4, description="Learning rate of fine-tuning.")
    gamma: float = Field(
        1.5, ge=1, le=1e6, description="Growing windows reach at least gamma times the largest activation."
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        axes = given_axes(self)
        if not axes:
            names = ", ".join(axis.replace("_", "-") for axis in AXES)
            raise _refused("no axis is given to sweep", f"Give values of at least one of {names}.")
        if (points := count(axes, self.grid)) > MOST:
            todo = "Give fewer values, or leave out grid." if self.grid else "Give fewer values."
            raise _refused(f"the sweep has {points:,} points; at most {MOST:,} are allowed", todo)
        if self.seed + self.repeats > MOST_SEED:
            raise _refused(f"the last seed is {self.seed + self.repeats - 1}; it must be below 2^32", "")
        if self.weight_bits is None and (self.w_min is not None or self.w_max is not None):
            raise _refused(NO_BITS, "Give values of --weight-bits (weight_bits).")
        require_range(self.w_min, self.w_max)
        return self


def _refused(message: str, todo: str) -> PydanticCustomError:
    """What is wrong with several options together."""
    return PydanticCustomError("options", "{message}", {"message": message, "todo": todo})
