"""One measurement of a sweep: the network is constrained, perhaps fine-tuned, and measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from snnctl.data.dataset import Samples
from snnctl.errors import TrainingError
from snnctl.progress import SilentReporter
from snnctl.ttfs.hardware import constrained, constraints_of
from snnctl.verbs.constraints import on_hardware
from snnctl.verbs.finetune import train_further
from snnctl.verbs.measure import measure
from snnctl.verbs.opening import Opened
from snnctl.verbs.options import FinetuneOptions
from snnctl.verbs.result import Run
from snnctl.verbs.sweep.jobs import AFTER, Job
from snnctl.verbs.sweep.options import SweepOptions
from snnctl.verbs.sweep.table import FIGURES


@dataclass(frozen=True)
class Bench:
    """What every measurement of a sweep uses.

    Args:
        opened: the network, which stays as it is, and its data.
        options: of the sweep.
        samples: what is measured on.
        training: what is fine-tuned on; None without fine-tuning.
        run: the reporter.
    """

    opened: Opened
    options: SweepOptions
    samples: Samples
    training: Samples | None
    run: Run

    def figures(self, job: Job) -> dict[str, Any]:
        """What ``job`` finds, by name; None of everything if fine-tuning diverged."""
        options = as_finetuning(self.options, job)
        quiet = replace(self.run, reporter=SilentReporter())
        model = on_hardware(options, self.opened, quiet)[0].model
        if job.stage == AFTER and self.training is not None:
            model = constrained(model, constraints_of(model)) if model is self.opened.model else model
            try:
                train_further(model, self.opened.dtype, options, self.training, None, self.run)
            except TrainingError as error:
                self.run.reporter.warn(f"{job.key}: {error.what}; its figures stay empty")
                return dict.fromkeys(FIGURES)
        found = measure(
            model,
            "snn",
            self.samples,
            self.options.batch_size,
            quiet.reporter,
            "measuring",
            registry=self.run.registry,
            metrics=METRICS,
        )
        return {name: found[name] for name in FIGURES}


def as_finetuning(options: SweepOptions, job: Job) -> FinetuneOptions:
    """The options of ``snnctl finetune`` that do what ``job`` does; those of ``snnctl eval`` are among them."""
    values = {name: getattr(options, name) for name in FinetuneOptions.model_fields if name in SHARED}
    setting = job.setting
    return FinetuneOptions(
        **values,
        seed=job.seed,
        epochs=options.finetune_epochs,
        batch_size=options.finetune_batch_size or options.batch_size,
        noise=setting.noise or 0,
        time_bits=setting.time_bits or 0,
        weight_bits=setting.weight_bits or 0,
        threshold_bits=setting.threshold_bits or 0,
        w_min=options.w_min if setting.weight_bits else None,
        w_max=options.w_max if setting.weight_bits else None,
        latency_quantile=setting.latency_quantile,
        zeta=setting.zeta,
    )


METRICS = ("accuracy", "spikes", "latency", "saturation")

SHARED = (
    *("model", "data", "data_opt", "data_dir", "preprocess", "limit", "arch", "arch_opt", "dtype", "allow_code"),
    *("optimizer", "momentum", "lr", "lr_schedule", "windows", "gamma", "xla", "sparsity"),
)
"""The options that mean the same in sweep and finetune."""
