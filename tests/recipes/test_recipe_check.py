"""What a recipe means, and what is wrong with it, found before anything runs. See also the recipes in ``broken/``."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from snnctl.errors import UsageError
from snnctl.plugins import DataContext, Dataset, Registry, Samples
from snnctl.plugins.registry import Entry
from snnctl.verbs.recorded import DEFAULT_DATA

GOOD = """\
name: good
vars: {weights: null, width: 340}
defaults: {data: mnist-mini}
steps:
  - id: relu
    train:
      arch: fc2
      arch-opt: {hidden: "${width}"}
      batch-size: 16
      lr: 5e-4
      xla: on
  - id: snn
    convert: {model: relu}
  - eval: {model: snn, data: mnist}
"""
RELU = "- id: r\n  train: {arch: fc2}\n"
CONVERTED = RELU + "- id: s\n  convert: {model: r}\n"
SNN = "- id: s\n  train: {arch: fc2, type: snn%s}\n"
SIMULATED = "- eval: {model: s, simulator: events%s}"
FREED = "- id: free\n  finetune: {model: s, weight_bits: 0}\n- eval: {model: free, weight_bits: 4, w_min: 3}"
MEASURED = "6:12: step 'measured' makes no network\nsteps that do: r"
JITTERED = "float32 a rounding error moves some by a whole level\nset noise: 0 and dtype: float64 (or time_bits: 0)"
NARROW = "- id: wb\n  finetune: {model: s, weight_bits: 4, w_max: 2}\n- export: {model: wb, w_min: 3}"
BELOW = "6:25: step 'wb' makes a network whose w_max is 2; w_min must be below it\nset w_max too"


def steps(body: str) -> str:
    """A recipe with these steps, the first of them in line 2."""
    return "steps:\n" + textwrap.indent(textwrap.dedent(body).strip(), "  ") + "\n"


def test_a_good_recipe(plan_of: Any) -> None:
    plan = plan_of(GOOD)
    assert [step.id for step in plan.steps] == ["relu", "snn", "eval"]
    relu, snn, score = (step.options for step in plan.steps)
    assert (relu.data, relu.batch_size, relu.lr, relu.xla) == ("mnist-mini", 16, 5e-4, "on")
    assert relu.arch_opt == {"hidden": 340}
    assert [step.source for step in plan.steps] == [None, "relu", "snn"]
    assert (score.data, snn.batch_size) == ("mnist", 64)


def test_settings_win_and_reach_into_every_option_that_holds_options(plan_of: Any) -> None:
    plan = plan_of(GOOD, "relu.arch_opt.hidden=7", "relu.batch-size=3", "width=5", "defaults.seed=4", "relu.lr=1")
    relu, _, score = (step.options for step in plan.steps)
    assert (relu.arch_opt, relu.batch_size, relu.seed, relu.lr) == ({"hidden": 7}, 3, 4, 1.0)
    assert score.seed == 4
    again = plan_of(yaml.safe_dump(plan.resolved()))
    assert [step.options for step in again.steps] == [step.options for step in plan.steps]
    text = steps("- id: r\n  train: {arch: fc2, type: snn, callback: early-stopping, constraint: [noise]}")
    settings = ("r.callback.early-stopping.patience=2", "r.constraint.time-bits.value=4", "defaults.data=mnist")
    options = plan_of(text, *settings, "r.constraint.weight-bits.w-min=-1").steps[0].options
    assert options.callback == {"early-stopping": {"patience": 2}}
    assert options.constraint == {"noise": {}, "time-bits": {"value": 4}, "weight-bits": {"w_min": -1}}
    assert options.data == "mnist"


def test_variables_inside_texts_and_lists(plan_of: Any) -> None:
    train = "- train: {arch: fc, arch_opt: {widths: ['${n}', 4]}, epochs: '${n}', data: '${m}-mini', limit: '1${n}'}"
    options = plan_of("vars: {n: 3, m: null}\n" + steps(train), "m=mnist").steps[0].options
    assert (options.epochs, options.data, options.limit, options.arch_opt) == (3, "mnist-mini", 13, {"widths": [3, 4]})


@pytest.mark.parametrize("text", ["on", "no", "2024-01-01", "1:30", "0x10", "'7'"])
def test_texts_stay_texts(plan_of: Any, text: str) -> None:
    """Also within other texts; and a byte order mark and the lines of Windows are understood."""
    assert plan_of(f"description: {text}\n" + steps("- train: {arch: fc2}")).description == text.strip("'")
    variables = "vars: {on: true, lr: 5e-4, few: [1, null, '2'], more: null}\n"
    plan = plan_of(variables + steps("- train: {arch: fc2, data_dir: 'x${on}-${lr}-${few}-${more}'}"), "more=false")
    assert str(plan.steps[0].options.data_dir) == "xtrue-5e-4-[1, null, 2]-false"
    windows = steps("- train: {arch: fc2}").replace("\n", "\r\n")
    assert plan_of(b"\xef\xbb\xbf" + windows.encode()).steps[0].id == "train"


class Sized(Dataset):
    """A data set with options, of which one must be given."""

    name, input_shape, classes = "sized", (4,), 2

    def configured(self, *, size: int, grey: bool = False) -> Sized:
        return self

    def load(self, split: str, context: DataContext) -> Samples:
        raise AssertionError("never called")


def test_the_data_set_of_a_step_comes_with_its_options(plan_of: Any, refusal_of: Any, registry: Registry) -> None:
    sets = {**registry.claims["datasets"], "sized": (Entry(Sized(), "snnctl-sized"),)}
    sized = replace(registry, claims={**registry.claims, "datasets": sets})
    first = "- id: r\n  train: {arch: fc2}\n- id: s\n  convert: {model: r%s}\n- eval: {model: s, data: mnist}"
    plan = plan_of(steps(first % ""))
    assert [step.data for step in plan.steps] == [DEFAULT_DATA, DEFAULT_DATA, "mnist"]
    text = "defaults: {data: sized, data-opt: {size: 3}}\n" + steps(first % ", data_opt: {size: 4}")
    assert [step.data_opt for step in plan_of(text, registry=sized).steps] == [{"size": 3}, {"size": 4}, {}]
    text = steps(first.replace("fc2", "fc2, data: sized, data_opt: {size: 3}") % "")
    plan = plan_of(text, registry=sized)
    assert [(step.data, step.data_opt) for step in plan.steps[:2]] == [("sized", {"size": 3})] * 2
    wrong = steps("- train:\n    arch: fc2\n    data: sized\n    data_opt: {gray: true, size: x}")
    lines = refusal_of(wrong, registry=sized).splitlines()
    assert lines[1].startswith("r.yaml:5:18: no option 'gray' of data set 'sized'")
    assert lines[3].startswith("r.yaml:5:30: option 'size' of data set 'sized' is 'x'")
    missing = steps("- train: {arch: fc2, data: sized, data_opt: {}}")
    assert "r.yaml:2:37: option 'size' of data set 'sized' is req" in refusal_of(missing, registry=sized)


def test_a_mistake_hides_no_other(refusal_of: Any) -> None:
    text = """\
        steps:
          - id: relu
            trian: {arch: fc2, epoch: 3}
          - id: snn
            convert: {model: rleu, quantile: 1.5, limit: "${n}", data: mnits}
          - eval: {model: snn, splt: test}
          - id: odd
            measure: {model: snn}
          - id: last
            eval: {model: odd, split: dev}
        """
    places = [line.split(": ")[0] for line in refusal_of(text).splitlines() if line.startswith("r.yaml")]
    lines = [tuple(int(number) for number in place.split(":")[1:]) for place in places]
    assert lines == [(3, 5), (3, 24), (5, 15), (5, 28), (5, 50), (5, 58), (6, 24), (8, 5), (10, 24)]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("relu.epoch=3", "--set relu.epoch: no option 'epoch' of train\ndid you mean 'epochs'?"),
        ("rely.epochs=3", "--set rely.epochs: no step 'rely'\ndid you mean 'relu'?"),
        ("relu.epochs=x", "--set relu.epochs: option 'epochs' of train is 'x'"),
        ("relu.lr.x=1", "--set relu.lr.x: the option 'lr' has no parts"),
        ("relu.arch_opt.hidden.x=1", "--set relu.arch_opt.hidden.x: the option 'arch_opt.hidden' has no parts"),
        ("relu.callback.early-stopping.patients=1", "early-stopping.patients: no option 'patients' of"),
        ("relu.callback.erly-stopping=", "erly-stopping: no training callback called 'erly-stopping'"),
        ("relu=1", "--set relu: no variable 'relu'\nan option of the step is set with relu.KEY=VALUE"),
        ("weihgts=a", "--set weihgts: no variable 'weihgts'\ndid you mean 'weights'?"),
        ("snn.model=nowhere", "--set snn.model: 'nowhere' is neither an earlier step nor a file"),
        ("defaults.epoch=3", "--set defaults.epoch: no option 'epoch' of any verb"),
        ("relu.epochs=[1", "--set relu.epochs: the value '[1' cannot be read"),
    ],
)
def test_mistakes_in_settings(refusal_of: Any, setting: str, message: str) -> None:
    assert message in refusal_of(GOOD, setting)


@pytest.mark.parametrize("setting", ["", "=3", "relu.epochs", ".epochs=3", "relu.=3"])
def test_no_settings_at_all(plan_of: Any, setting: str) -> None:
    with pytest.raises(UsageError, match=r"is not STEP\.KEY=VALUE"):
        plan_of(GOOD, setting)


@pytest.fixture
def runs(plan_of: Any) -> None:
    """Run folders in float32: ``relu``; ``snn``, which carries rounded spike times, and is silent about weights;
    ``free`` of rounded weights, and ``rounded`` ones from -1. One is ``damaged``, and ``measured`` is a step, too.
    """
    for name, kind, carried in (
        ("relu", "relu", {}),
        ("snn", "snn", {"time_bits": 4}),
        ("free", "snn", {"weight_bits": None, "w_min": None, "w_max": None}),
        ("rounded", "snn", {"weight_bits": 4, "w_min": -1.0, "w_max": None}),
        ("damaged", "relu", {}),
        ("measured", "relu", {}),
    ):
        Path(name).mkdir()
        Path(name, "model.keras").write_bytes(b"PK")
        settings = [] if name == "damaged" else {"data": "mnist-mini", "dtype": "float32", **carried}
        Path(name, "run.json").write_text(json.dumps({"verb": "train", "settings": settings}))
        Path(name, "metrics.json").write_text(json.dumps({"type": kind}))
    Path("net.h5").write_bytes(b"\x89HDF\r\n\x1a\n")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "- train: {arch: fc, arch_opt: {a-b: 1, a_b: 2}}",
            "2:42: the option 'a_b' is here twice\n  first at r.yaml:2:34",
        ),
        ("- eval: {model: /, data: mnist-mini}", "2:12: / is not a run folder that holds a model"),
        ("- eval: {model: net.h5}", "2:12: no data set is named, and net.h5 does not record one"),
        ("- eval: {model: damaged}", "2:12: damaged/run.json: 'settings' is not an object"),
        (RELU + "- id: measured\n  eval: {model: r}\n- eval: {model: measured}", MEASURED),
        (
            CONVERTED + "- id: f\n  finetune: {model: s}\n- convert: {model: f}",
            "8:15: step 'f' makes a spiking network already",
        ),
        ("- convert: {model: snn}", "2:15: snn is a spiking network already"),
        (RELU + "- finetune: {model: r, weight_bits: 3}", "4:26: step 'r' makes a ReLU network; weight_bits is for"),
        (RELU + SIMULATED.replace("s,", "r,") % "", "4:22: step 'r' makes a ReLU network; only spiking networks are"),
        ("- eval: {model: relu, simulator: events}", "2:25: relu is a ReLU network; only spiking networks are"),
        ("- eval: {model: snn, simulator: events}", "2:24: spike times are rounded to a few levels"),
        (SNN % ", noise: 0.2" + SIMULATED % "", "4:22: spike times jitter, and the event-driven simulation draws"),
        (CONVERTED + SIMULATED % ", time_bits: 4", "6:41: spike times are rounded to a few levels, and in float32"),
        (SNN % ", noise: 1, time_bits: 4" + SIMULATED % "", JITTERED),
        *((SNN % "" + f"- {verb}: {{model: s, w_min: 1}}", "not rounded") for verb in ("eval", "finetune", "export")),
        (RELU + "- sweep: {model: r, noise: 0}", "4:13: step 'r' makes a ReLU network; sweep takes a spiking one"),
        (SNN % "" + "- sweep: {model: s, time_bits: 8..3}", "write 3..8"),
        (SNN % ", weight_bits: 4" + "- eval: {model: s, weight_bits: 0, w_max: 1}", "4:38: --w-min"),
        ("- eval: {model: free, w_min: 1}", "2:25: --w-min and --w-max"),
        (SNN % "" + NARROW, BELOW),
        ("- eval: {model: rounded, w_max: -1.5}", "2:28: rounded is a network whose w_min is -1.0; w_max must be"),
    ],
)
def test_what_a_step_or_a_network_cannot_do_is_found(refusal_of: Any, runs: None, body: str, message: str) -> None:
    assert message in refusal_of(steps(body))


def test_what_defaults_ask_of_a_network_is_told_at_the_defaults(refusal_of: Any) -> None:
    text = "defaults: {time_bits: 4}\n" + steps(SNN % "" + SIMULATED % ", noise: 1")
    assert refusal_of(text).startswith("2 problems; nothing was run\nr.yaml:1:12: spike times are rounded")


@pytest.mark.parametrize(
    "body",
    [
        RELU + "- eval: {model: r}",
        SNN % ", noise: 0.2" + SIMULATED % ", noise: 0",
        SNN % ", dtype: float64" + SIMULATED % ", time_bits: 4",
        "- eval: {model: snn, simulator: events, time_bits: 0}",
        "- eval: {model: snn, simulator: events, dtype: float64}",
        "- eval: {model: snn/model.keras, data: mnist-mini, simulator: events, time_bits: 4, w_min: 1}",
        "- export: {model: snn, weight_bits: 5, seed: 3}",
        "- finetune: {model: snn, w_min: 1}",
        "- eval: {model: rounded, w_min: -2, w_max: -1.5}",
        SNN % ", weight_bits: 4, w_max: 2" + "- eval: {model: s, w_min: 1}",
        SNN % ", weight_bits: 4, w_max: 2" + FREED,
    ],
)
def test_what_may_be_possible_is_not_refused(plan_of: Any, runs: None, body: str) -> None:
    assert plan_of(steps(body)).steps
