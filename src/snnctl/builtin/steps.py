"""snnctl's own verbs: steps of recipes and commands. Light: each names its options and its function."""

from __future__ import annotations

from snnctl.plugins.verb import Verb

ALL: tuple[Verb, ...] = (
    Verb(
        "train",
        "Train a ReLU or a spiking network from scratch.",
        "snnctl.verbs.options:TrainOptions",
        "snnctl.verbs.train:train",
    ),
    Verb(
        "convert",
        "Turn a trained ReLU network into a spiking network that computes the same.",
        "snnctl.verbs.options:ConvertOptions",
        "snnctl.verbs.convert:convert",
        plan_path="snnctl.verbs.plan:plan",
    ),
    Verb(
        "finetune",
        "Train a converted or trained network further.",
        "snnctl.verbs.options:FinetuneOptions",
        "snnctl.verbs.finetune:finetune",
    ),
    Verb(
        "eval",
        "Measure a network: accuracy, and for a spiking one spikes, latency and saturation.",
        "snnctl.verbs.options:EvalOptions",
        "snnctl.verbs.evaluate:evaluate",
        makes_model=False,
    ),
    Verb(
        "export",
        "Write a spiking network as plain data: neurons, thresholds, windows and synapses.",
        "snnctl.verbs.export_options:ExportOptions",
        "snnctl.verbs.export:export",
        makes_model=False,
        makes_folder=True,
    ),
    Verb(
        "sweep",
        "Measure a spiking network under hardware constraints, value by value.",
        "snnctl.verbs.sweep.options:SweepOptions",
        "snnctl.verbs.sweep.sweep:sweep",
        makes_model=False,
        makes_folder=True,
        resumes=True,
    ),
    Verb(
        "gradients",
        "Compare how gradients travel through a ReLU network and its spiking forms.",
        "snnctl.verbs.comparing.options:GradientsOptions",
        "snnctl.verbs.comparing.gradients:gradients",
        makes_model=False,
        makes_folder=True,
    ),
    Verb(
        "trajectory",
        "Train a ReLU network and its spiking forms side by side, and tell how far they part.",
        "snnctl.verbs.comparing.options:TrajectoryOptions",
        "snnctl.verbs.comparing.trajectory:trajectory",
        makes_model=False,
        makes_folder=True,
    ),
)
