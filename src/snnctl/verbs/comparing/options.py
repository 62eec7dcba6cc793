"""The options of ``gradients`` and ``trajectory``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from snnctl.plugins.nearest import did_you_mean
from snnctl.verbs.naming import of_kind, options_of
from snnctl.verbs.options import DataOptions, DType, OptimisationOptions, Options, Positive

RELU = "relu"
SPIKING = ("b1", "alpha1", "smart-alpha1")
NETWORKS = (RELU, *SPIKING)


def read_networks(value: Any) -> Any:
    """``"b1,alpha1"`` or a list of such names as a tuple; ``relu``, which always takes part, comes first.

    Raises:
        ValueError: a name that is none, or none but ``relu``.
    """
    given = value.split(",") if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise ValueError(f"it should be names out of {', '.join(NETWORKS)}, with commas between them")
    names = [name.strip() for name in given]
    for name in names:
        if name not in NETWORKS:
            raise ValueError(f"'{name}' is no neuron model; {did_you_mean(name, NETWORKS) or _known()}")
    spiking = tuple(dict.fromkeys(name for name in names if name != RELU))
    if not spiking:
        raise ValueError(f"there is nothing to compare the ReLU network with; {_known()}")
    return (RELU, *spiking)


def _known() -> str:
    return f"known: {', '.join(SPIKING)}"


Networks = Annotated[tuple[str, ...], BeforeValidator(read_networks)]


class ComparingOptions(Options):
    """The networks that are compared: all made from one draw of weights."""

    arch: str = Field(
        description="Architecture, by name (see `snnctl archs list`).", json_schema_extra=of_kind("architectures")
    )
    arch_opt: dict[str, Any] = Field(
        default_factory=dict,
        description="Option of the architecture, name=value.",
        json_schema_extra=options_of("arch"),
    )
    neurons: Networks = Field(
        NETWORKS,
        description="Neuron models of the spiking networks: b1,alpha1,smart-alpha1; relu is always beside them.",
    )
    dtype: DType = Field("float64", description="Precision.")


class GradientsOptions(ComparingOptions, DataOptions):
    """Compare how gradients travel through a ReLU network and its spiking forms, before training."""

    images: Positive = Field(
        128, description="Images of the training split that the loss is taken of, drawn at random."
    )
    jacobian_images: Positive = Field(
        8, description="The first of them, of each of which the Jacobians' singular values are computed."
    )


class TrajectoryOptions(ComparingOptions, DataOptions, OptimisationOptions):
    """Train a ReLU network and its spiking forms side by side on the same batches, and tell how far they part."""

    steps: Positive = Field(500, description="Batches to train on.")
    measure_every: int = Field(
        0, ge=0, description="Steps between two measurements on the test split; 0: at the start and at the end only."
    )
    lr: float = Field(5e-4, gt=0, le=1e4, description="Learning rate.")
    alpha1_lr: float | None = Field(
        None, gt=0, le=1e4, description="Learning rate of alpha1 and smart-alpha1; that of all when not given."
    )
