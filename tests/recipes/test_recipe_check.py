"""Every mistake in a recipe is found before anything runs, at its line and column."""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from snnctl.errors import RecipeError, UsageError
from snnctl.plugins import DataContext, Dataset, Registry, Samples, load_registry
from snnctl.plugins.registry import Entry
from snnctl.recipes import Plan, make_plan, parse_settings
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


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that checks a recipe given as text."""
    monkeypatch.chdir(tmp_path)

    def from_text(text: str | bytes, *settings: str) -> Plan:
        path = Path("r.yaml")
        content = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        path.write_bytes(content)
        return make_plan(path, parse_settings(list(settings)), load_registry())

    return from_text


SNIPPET = re.compile(r"^ *[0-9]* \|.*\n?", re.MULTILINE)


def told(error: pytest.ExceptionInfo[RecipeError]) -> str:
    """What is said, without the lines of the file."""
    return SNIPPET.sub("", str(error.value)).rstrip("\n")


def steps(body: str) -> str:
    """A recipe with the given first step."""
    return "steps:\n" + textwrap.indent(textwrap.dedent(body).strip(), "  ") + "\n"


def test_a_good_recipe(check: Any) -> None:
    plan = check(GOOD)
    assert [step.id for step in plan.steps] == ["relu", "snn", "eval"]
    relu, snn, score = (step.options for step in plan.steps)
    assert (relu.data, relu.batch_size, relu.lr, relu.xla) == ("mnist-mini", 16, 5e-4, "on")
    assert relu.arch_opt == {"hidden": 340}
    assert [step.source for step in plan.steps] == [None, "relu", "snn"]
    assert score.data == "mnist"
    assert snn.batch_size == 64


def test_settings_win(check: Any) -> None:
    plan = check(
        GOOD,
        *("relu.arch_opt.hidden=7", "relu.batch-size=3", "eval.limit=9", "width=5", "defaults.seed=4", "relu.lr=1"),
    )
    relu, _, score = (step.options for step in plan.steps)
    assert (relu.arch_opt, relu.batch_size, relu.seed, relu.lr) == ({"hidden": 7}, 3, 4, 1.0)
    assert (score.limit, score.seed) == (9, 4)


def test_settings_reach_into_every_option_that_holds_options(check: Any) -> None:
    text = steps("- id: r\n  train: {arch: fc2, type: snn, callback: early-stopping, constraint: [noise]}")
    plan = check(
        text,
        *("r.callback.early-stopping.patience=2", "r.constraint.time-bits.value=4", "r.arch-opt.hidden=9"),
        *("defaults.data=mnist", "r.constraint.weight-bits.w-min=-1"),
    )
    options = plan.steps[0].options
    assert options.callback == {"early-stopping": {"patience": 2}}
    assert options.constraint == {"noise": {}, "time-bits": {"value": 4}, "weight-bits": {"w_min": -1}}
    assert (options.arch_opt, options.data) == ({"hidden": 9}, "mnist")


class Sized(Dataset):
    """A data set with options, of which one must be given."""

    name, input_shape, classes = "sized", (4,), 2

    def configured(self, *, size: int, grey: bool = False) -> Sized:
        """Takes both options."""
        return self

    def load(self, split: str, context: DataContext) -> Samples:
        """Never called."""
        raise AssertionError


def with_sized(text: str) -> Plan:
    """The plan of a recipe, with the data set above among the others."""
    known = load_registry()
    sets = {**known.claims["datasets"], "sized": (Entry(Sized(), "snnctl-sized"),)}
    Path("r.yaml").write_text(text)
    return make_plan(Path("r.yaml"), [], Registry({**known.claims, "datasets": sets}))


def test_the_data_set_of_a_step_comes_with_its_options(check: Any) -> None:
    plan = with_sized(
        "defaults: {data: sized, data-opt: {size: 3}}\n"
        + steps("- id: r\n  train: {arch: fc2}\n- id: s\n  convert: {model: r, data_opt: {size: 4}}")
        + "  - {id: e, eval: {model: s, data: mnist}}\n"
    )
    assert [step.data_opt for step in plan.steps] == [{"size": 3}, {"size": 4}, {}]
    plan = with_sized(
        steps("- id: r\n  train: {arch: fc2, data: sized, data_opt: {size: 3}}\n- id: s\n  convert: {model: r}")
    )
    assert [(step.data, step.data_opt) for step in plan.steps] == [("sized", {"size": 3})] * 2


def test_options_of_data_sets_are_checked(check: Any) -> None:
    with pytest.raises(RecipeError) as caught:
        with_sized(steps("- id: r\n  train:\n    arch: fc2\n    data: sized\n    data_opt: {gray: true, size: x}"))
    lines = told(caught).splitlines()
    assert lines[1].startswith("r.yaml:6:18: no option 'gray' of data set 'sized'")
    assert lines[3].startswith("r.yaml:6:30: option 'size' of data set 'sized' is 'x'")
    with pytest.raises(RecipeError, match=r"r\.yaml:5:7: option 'size' of data set 'sized' is req"):
        with_sized(steps("- id: r\n  train:\n    data: sized\n    data_opt: {}\n    arch: fc2"))


def test_a_plan_resolves_to_a_recipe_that_means_the_same(check: Any) -> None:
    import yaml

    plan = check(GOOD, "relu.lr=1e-3")
    again = check(yaml.safe_dump(plan.resolved()))
    assert [step.options for step in again.steps] == [step.options for step in plan.steps]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # the file
        ("", "r.yaml: the recipe is empty"),
        ("# nothing\n", "r.yaml: the recipe is empty"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"a: \x00", "is not YAML"),
        ("- a\n", "r.yaml:1:1: a recipe is a mapping, not a list"),
        ("just words\n", "r.yaml:1:1: a recipe is a mapping, not a text"),
        ("a: [1,\n", "r.yaml:2:1"),
        ("a: b: c\n", "r.yaml:1:5: mapping values are not allowed here"),
        ("steps:\n\t- eval:\n", "r.yaml:2:1: found character '\\t' that cannot start any token\nindent with spaces"),
        ("a: 1\n---\nb: 2\n", "r.yaml:2:1: a second document begins here"),
        ("name: a\nname: b\nsteps: []\n", "r.yaml:2:1: the key 'name' is here twice\n  first at r.yaml:1:1"),
        ("name: !!python/object:os.system x\n", "r.yaml:1:7: tags such as"),
        ("name: !ENV x\n", "r.yaml:1:7: tags such as !ENV are not supported"),
        ("a: &x [1]\nb: *x\n", "r.yaml:1:4: anchors and aliases are not supported"),
        ("a: *x\n", "r.yaml:1:4: anchors and aliases are not supported"),
        ("? [a]\n: 1\n", "r.yaml:1:3: a key must be a text"),
        ("a: " + "[" * 100 + "]" * 100, "nested too deeply"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("a: '" + "x" * 1_000_001 + "'", "r.yaml:1:65537: larger than 65,536 bytes"),
        # the sections
        ("{}\n", "r.yaml:1:1: the recipe has no `steps`"),
        ("stepps:\n  - eval: {}\n", "r.yaml:1:1: 'stepps' is no key of a recipe\n  did you mean 'steps'?"),
        ("steps: {}\n", "r.yaml:1:8: `steps` must be a list of steps, not a mapping"),
        ("steps: []\n", "r.yaml:1:8: `steps` must be a list"),
        ("steps:\n", "r.yaml:1:7: `steps` must be a list of steps, not empty"),
        ("vars: [1]\n" + steps("- train: {arch: fc2}"), "r.yaml:1:7: 'vars' must be a mapping, not a list"),
        ("name: {a: 1}\n" + steps("- train: {arch: fc2}"), "r.yaml:1:7: 'name' must be a text, not a mapping"),
        # the steps
        (steps("- eval"), "r.yaml:2:5: a step is a mapping, not a text"),
        (steps("- id: a"), "r.yaml:2:5: a step has exactly one verb; this one has none"),
        (steps("- {id: a, train: {arch: fc2}, eval: {model: b}}"), "this one has 2: train, eval"),
        (steps("- id: a\n  trian: {arch: fc2}"), "r.yaml:3:5: 'trian' is no verb\ndid you mean 'train'?"),
        (steps("- train: [1]"), "r.yaml:2:12: the options of 'train' are a mapping, not a list"),
        (steps("- train:"), "r.yaml:2:5: option 'arch' of train is required"),
        (steps("- id: steps\n  train: {arch: fc2}"), "r.yaml:2:9: the id 'steps' is reserved"),
        (steps("- id: a/b\n  train: {arch: fc2}"), "r.yaml:2:9: the id 'a/b' must consist of"),
        (steps("- id: ..\n  train: {arch: fc2}"), "r.yaml:2:9: the id '..' must consist of"),
        (steps("- id: 7\n  train: {arch: fc2}"), "r.yaml:2:9: the id 7 must consist of"),
        (steps("- train: {arch: fc2}\n- train: {arch: fc2}"), "r.yaml:3:5: the id 'train' is taken"),
        # the options
        (steps("- train: {arch: fc2, epoch: 3}"), "r.yaml:2:24: no option 'epoch' of train\ndid you mean 'epochs'?"),
        (steps("- train: {arch: fc2, epochs: x}"), "r.yaml:2:24: option 'epochs' of train is 'x': it should be"),
        (steps("- train: {arch: fc2, epochs: true}"), "r.yaml:2:24: option 'epochs' of train cannot be true"),
        (steps("- train: {arch: fc2, epochs: 1.5}"), "r.yaml:2:24: option 'epochs' of train is 1.5"),
        (steps("- train: {arch: fc2, epochs: [1]}"), "r.yaml:2:24: option 'epochs' of train is [1]"),
        (steps("- train: {arch: fc2, lr: 0}"), "r.yaml:2:24: option 'lr' of train is 0: it should be greater than 0"),
        (steps("- train: {arch: fc2, lr: .nan}"), "r.yaml:2:24: option 'lr' of train is nan"),
        (steps("- train: {arch: fc2, type: rely}"), "it must be 'relu' or 'snn'\ndid you mean 'relu'?"),
        (steps("- train: {arch: fc22}"), "r.yaml:2:13: no architecture called 'fc22'\ndid you mean 'fc2'?"),
        (steps("- train: {arch: fc2, data: mnits}"), "r.yaml:2:24: no data set called 'mnits'\ndid you mean 'mnist'?"),
        (steps("- train: {arch: fc2, data: mnist, preprocess: unti}"), "r.yaml:2:37: "),
        (steps("- train:\n    arch: fc2\n    arch_opt:\n      hiden: 3"), "r.yaml:5:9: no option 'hiden' of arch"),
        (steps("- train: {arch: fc2, arch_opt: 3}"), "r.yaml:2:24: option 'arch_opt' of train is 3"),
        # the references
        (steps("- id: a\n  train: {arch: fc2}\n- convert: {model: b}"), "r.yaml:4:15: 'b' is neither an earlier step"),
        (steps("- id: relu\n  train: {arch: fc2}\n- convert: {model: rleu}"), "did you mean 'relu'?"),
        (steps("- convert: {model: a}\n- id: a\n  train: {arch: fc2}"), "step 'a' does not come before step 'convert'"),
        (steps("- convert: {model: convert}"), "step 'convert' does not come before step 'convert'"),
        (
            steps("- id: r\n  train: {arch: fc2}\n- id: e\n  eval: {model: r}\n- convert: {model: e}"),
            "r.yaml:6:15: step 'e' makes no network\nsteps that do: r",
        ),
        (steps("- eval: {}"), "r.yaml:2:5: option 'model' of eval is required"),
        # defaults and variables
        ("defaults: {epoch: 3}\n" + steps("- train: {arch: fc2}"), "r.yaml:1:12: no option 'epoch' of any verb"),
        ("defaults: {model: x}\n" + steps("- train: {arch: fc2}"), "r.yaml:1:12: no option 'model' of any verb"),
        ("defaults: {data: mnits}\n" + steps("- train: {arch: fc2}"), "r.yaml:1:12: no data set called 'mnits'"),
        ("vars: {w: null}\n" + steps('- eval: {model: "${w}"}'), "r.yaml:1:8: the variable 'w' has no value\nset it"),
        (
            "vars: {weights: a}\n" + steps("- eval: {model: '${wieghts}'}"),
            "r.yaml:3:19: no variable 'wieghts'\ndid you",
        ),
    ],
)
def test_mistakes_have_a_place(check: Any, text: str | bytes, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        check(text)
    assert message in told(caught)


def test_a_step_goes_before_a_folder_of_its_name(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "measured").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError) as caught:
        check(steps("- id: r\n  train: {arch: fc2}\n- id: measured\n  eval: {model: r}\n- eval: {model: measured}"))
    assert "r.yaml:6:12: step 'measured' makes no network\nsteps that do: r" in told(caught)


BEYOND_THE_FIRST_STEP = [
    (steps("- id: s\n  train: {arch: fc2, type: snn}\n- convert: {model: s}"), "r.yaml:4:15: step 's' makes a spiking"),
    (
        steps("- id: r\n  train: {arch: fc2}\n- id: s\n  convert: {model: r}\n- id: f\n  finetune: {model: s}")
        + "  - {id: t, convert: {model: f}}\n",
        "r.yaml:8:23: step 'f' makes a spiking network already",
    ),
    (steps("- eval: {model: /, data: mnist-mini}"), "r.yaml:2:12: / is not a run folder that holds a model"),
    (steps("- eval: {model: net.h5}"), "r.yaml:2:12: no data set is named, and net.h5 does not record one"),
    (steps("- eval: {model: run}"), "r.yaml:2:12: run/run.json: 'settings' is not an object"),
    (steps("- {id: " + 65 * "a" + ", train: {arch: fc2}}"), "r.yaml:2:10: the id 'aaaaaaaaaaaaaaaaaaaa...' has 65"),
    (steps("- {id: [1], train: {arch: fc2}}"), "r.yaml:2:10: the id [1] must consist of"),
    (steps("- train: {arch: fc2, preprocess: unti}"), 'r.yaml:2:24: "unti" is not a preprocessing'),
    (steps("- train: {arch: fc2, batch-size: 1, batch_size: 2}"), "r.yaml:2:39: the option 'batch_size' is here twice"),
    (
        steps("- train: {arch: fc, arch_opt: {a-b: 1, a_b: 2}}"),
        "r.yaml:2:42: the option 'a_b' is here twice\n  first at r.yaml:2:34",
    ),
    (
        "vars: {y: 3, x: '${y}'}\n" + steps("- train: {arch: fc2, epochs: '${x}'}"),
        "r.yaml:1:14: the variable 'x' is '${y}': variables are not replaced inside `vars`",
    ),
    (
        steps("- id: r\n  train: {arch: fc2}\n- eval: {model: r}\n  split: test"),
        "r.yaml:5:5: 'split' is an option of eval and belongs inside it",
    ),
    (steps("- train:\n  arch: fc2"), "r.yaml:3:5: 'arch' is an option of train and belongs inside it"),
]


TAKE_A_RANGE = ("eval", "finetune", "export")
SNN = "- id: s\n  train: {arch: fc2, type: snn%s}\n"
RELU = "- id: r\n  train: {arch: fc2}\n"

UNSUITED = [
    (
        steps(RELU + "- eval: {model: r, simulator: events}"),
        "r.yaml:4:22: step 'r' makes a ReLU network; only spiking networks are simulated",
    ),
    (
        steps(RELU + "- finetune: {model: r, weight_bits: 3}"),
        "r.yaml:4:26: step 'r' makes a ReLU network; weight_bits is for spiking networks",
    ),
    (
        steps("- eval: {model: relu, simulator: events}"),
        "r.yaml:2:25: relu is a ReLU network; only spiking networks are simulated",
    ),
    (steps("- convert: {model: snn}"), "r.yaml:2:15: snn is a spiking network already"),
    (
        steps("- eval: {model: snn, simulator: events}"),
        "r.yaml:2:24: spike times are rounded to a few levels",
    ),
    (
        steps(SNN % "" + "- eval: {model: s, simulator: events, noise: 0.1}"),
        "r.yaml:4:41: spike times jitter, and the event-driven simulation draws other numbers than TensorFlow\n"
        "set noise: 0",
    ),
    (
        steps(SNN % ", noise: 0.2" + "- eval: {model: s, simulator: events}"),
        "r.yaml:4:22: spike times jitter",
    ),
    (
        steps(RELU + "- id: s\n  convert: {model: r}\n- eval: {model: s, simulator: events, time_bits: 4}"),
        "r.yaml:6:41: spike times are rounded to a few levels, and in float32",
    ),
    (
        "defaults: {time_bits: 4}\n"
        + steps(SNN % "" + "- id: t\n  finetune: {model: s}\n- eval: {model: t, simulator: events, noise: 1}"),
        "2 problems; nothing was run\nr.yaml:1:12: spike times are rounded",
    ),
    (
        steps(SNN % ", noise: 1, time_bits: 4" + "- eval: {model: s, simulator: events}"),
        "r.yaml:4:22: spike times jitter, and the event-driven simulation draws other numbers than TensorFlow; spike "
        "times are rounded to a few levels, and in float32 a rounding error moves some by a whole level\n"
        "set noise: 0 and dtype: float64 (or time_bits: 0)",
    ),
    *((steps(SNN % "" + f"- {verb}: {{model: s, w_min: 1}}"), "weights are not rounded") for verb in TAKE_A_RANGE),
    (steps(SNN % "" + "- eval: {model: s, weight_bits: 0, w_max: 1}"), "r.yaml:4:38: --w-min and --w-max"),
    (steps(SNN % ", weight_bits: 4" + "- eval: {model: s, weight_bits: 0, w_max: 1}"), "r.yaml:4:38: --w-min"),
    (
        steps(RELU + "- id: s\n  convert: {model: r}\n- finetune: {model: s, w_max: 1}"),
        "r.yaml:6:26: --w-min and --w-max",
    ),
    (steps("- eval: {model: free, w_min: 1}"), "r.yaml:2:25: --w-min and --w-max"),
    (
        steps(SNN % "" + "- id: wb\n  finetune: {model: s, weight_bits: 4, w_max: 2}\n- export: {model: wb, w_min: 3}"),
        "r.yaml:6:25: step 'wb' makes a network whose w_max is 2; w_min must be below it\nset w_max too",
    ),
    (
        steps("- eval: {model: rounded, w_max: -1.5}"),
        "r.yaml:2:28: rounded is a network whose w_min is -1.0; w_max must be above it",
    ),
]


@pytest.mark.parametrize(("text", "message"), UNSUITED)
def test_what_a_network_cannot_do_is_found(check: Any, runs: None, text: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        check(text)
    assert message in told(caught)


@pytest.mark.parametrize(
    "text",
    [
        RELU + "- convert: {model: r, zeta: 0.1}",
        RELU + "- eval: {model: r}",
        SNN % ", noise: 0.2" + "- eval: {model: s, simulator: events, noise: 0}",
        SNN % ", dtype: float64" + "- eval: {model: s, simulator: events, time_bits: 4}",
        SNN % "" + "- eval: {model: s, simulator: events, time_bits: 4, dtype: float64}",
        "- eval: {model: snn, simulator: events, time_bits: 0}",
        "- eval: {model: snn, simulator: events, dtype: float64}",
        "- eval: {model: snn/model.keras, data: mnist-mini, simulator: events, time_bits: 4}",
        "- export: {model: snn, weight_bits: 5, seed: 3}",
        *(f"- {verb}: {{model: snn, w_min: 1}}" for verb in TAKE_A_RANGE),
        "- eval: {model: snn/model.keras, data: mnist-mini, w_min: 1}",
        "- eval: {model: rounded, w_min: -2, w_max: -1.5}",
        "- eval: {model: rounded, w_max: 1}",
        "- eval: {model: snn, weight_bits: 4, w_min: 1}",
        SNN % ", weight_bits: 4, w_max: 2" + "- eval: {model: s, w_min: 1}",
        SNN % ", weight_bits: 4, w_max: 2"
        + "- id: free\n  finetune: {model: s, weight_bits: 0}\n- eval: {model: free, weight_bits: 4, w_min: 3}",
    ],
)
def test_what_may_be_possible_is_not_refused(check: Any, runs: None, text: str) -> None:
    assert check(steps(text)).steps


@pytest.fixture
def runs(check: Any) -> None:
    """Run folders in float32: ``relu``; ``snn``, which carries rounded spike times, and is silent about weights;
    ``free`` of rounded weights, and ``rounded`` ones from -1.
    """
    for name, kind, carried in (
        ("relu", "relu", {}),
        ("snn", "snn", {"time_bits": 4}),
        ("free", "snn", {"weight_bits": None, "w_min": None, "w_max": None}),
        ("rounded", "snn", {"weight_bits": 4, "w_min": -1.0, "w_max": None}),
    ):
        Path(name).mkdir()
        Path(name, "model.keras").write_bytes(b"PK")
        settings = {"data": "mnist-mini", "dtype": "float32", **carried}
        Path(name, "run.json").write_text(json.dumps({"verb": "train", "settings": settings}))
        Path(name, "metrics.json").write_text(json.dumps({"type": kind}))


@pytest.mark.parametrize(("text", "message"), BEYOND_THE_FIRST_STEP)
def test_mistakes_that_would_show_late_are_found(check: Any, text: str, message: str) -> None:
    Path("net.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    Path("run").mkdir()
    Path("run/model.keras").write_bytes(b"PK")
    Path("run/run.json").write_text('{"verb": "train", "settings": []}')
    with pytest.raises(RecipeError) as caught:
        check(text)
    assert message in told(caught)


def test_a_mistake_hides_no_other(check: Any) -> None:
    with pytest.raises(RecipeError) as caught:
        check(
            """\
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
        )
    places = [line.split(": ")[0] for line in told(caught).splitlines()[1:] if line.startswith("r.yaml")]
    lines = [tuple(int(number) for number in place.split(":")[1:]) for place in places]
    assert lines == [(3, 5), (3, 24), (5, 15), (5, 28), (5, 50), (5, 58), (6, 24), (8, 5), (10, 24)]


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (Path("/dev/zero"), tmp_path / "pipe.yaml"):
        with pytest.raises(RecipeError, match="no regular file"):
            make_plan(path, [], load_registry())


def test_all_mistakes_are_told_at_once(check: Any) -> None:
    with pytest.raises(RecipeError) as caught:
        check(
            """\
            steps:
              - id: relu
                train:
                  arch: fc22
                  epoch: 3
                  data: mnits
              - id: relu
                convert: {model: rely}
            """
        )
    assert told(caught).splitlines() == [
        "5 problems; nothing was run",
        "r.yaml:4:7: no architecture called 'fc22'",
        "  did you mean 'fc2'? `snnctl archs list` shows all",
        "r.yaml:5:7: no option 'epoch' of train",
        "  did you mean 'epochs'?",
        "r.yaml:6:7: no data set called 'mnits'",
        "  did you mean 'mnist'? `snnctl data list` shows all",
        "r.yaml:7:9: the id 'relu' is taken by an earlier step",
        "  give each step an `id` of its own",
        "r.yaml:8:15: 'rely' is neither an earlier step nor a file",
        "  did you mean 'relu'?",
    ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("relu.epoch=3", "--set relu.epoch: no option 'epoch' of train\ndid you mean 'epochs'?"),
        ("rely.epochs=3", "--set rely.epochs: no step 'rely'\ndid you mean 'relu'?"),
        ("relu.epochs=x", "--set relu.epochs: option 'epochs' of train is 'x'"),
        ("relu.epochs=", "--set relu.epochs: option 'epochs' of train is None"),
        ("relu.lr.x=1", "--set relu.lr.x: the option 'lr' has no parts"),
        ("relu.arch_opt.hidden.x=1", "--set relu.arch_opt.hidden.x: the option 'arch_opt.hidden' has no parts"),
        (
            "relu.callback.early-stopping.patients=1",
            "early-stopping.patients: no option 'patients' of",
        ),
        (
            "relu.callback.erly-stopping=",
            "erly-stopping: no training callback called 'erly-stopping'",
        ),
        ("relu.arch_opt.hiden=1", "--set relu.arch_opt.hiden: no option 'hiden' of architecture 'fc2'"),
        ("relu=1", "--set relu: no variable 'relu'\nan option of the step is set with relu.KEY=VALUE"),
        ("weihgts=a", "--set weihgts: no variable 'weihgts'\ndid you mean 'weights'?"),
        ("snn.model=nowhere", "--set snn.model: 'nowhere' is neither an earlier step nor a file"),
        ("defaults.epoch=3", "--set defaults.epoch: no option 'epoch' of any verb"),
        ("relu.epochs=[1", "--set relu.epochs: the value '[1' cannot be read"),
        ("relu.data=!!python/name:os", "--set relu.data: the value"),
    ],
)
def test_mistakes_in_settings(check: Any, setting: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        check(GOOD, setting)
    assert message in told(caught)


@pytest.mark.parametrize("setting", ["", "=", "=3", "relu.epochs", ".epochs=3", "relu.=3"])
def test_no_settings_at_all(check: Any, setting: str) -> None:
    with pytest.raises(UsageError, match=r"is not STEP\.KEY=VALUE"):
        check(GOOD, setting)


def test_a_required_variable(check: Any) -> None:
    text = "vars: {w: null}\n" + steps("- eval: {model: '${w}', data: mnist}")
    Path("net.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert check(text, "w=net.h5").steps[0].options.model == "net.h5"
    with pytest.raises(RecipeError, match="'nowhere' is neither an earlier step nor a file"):
        check(text, "w=nowhere")


def test_variables_inside_texts_and_lists(check: Any) -> None:
    text = "vars: {n: 3, m: mnist}\n" + steps(
        "- train: {arch: fc, arch_opt: {widths: ['${n}', 4]}, epochs: '${n}', data: '${m}-mini', limit: '1${n}'}"
    )
    options = check(text).steps[0].options
    assert (options.epochs, options.data, options.limit) == (3, "mnist-mini", 13)
    assert options.arch_opt == {"widths": [3, 4]}


@pytest.mark.parametrize(
    ("text", "value"),
    [("on", "on"), ("no", "no"), ("2024-01-01", "2024-01-01"), ("1:30", "1:30"), ("0x10", "0x10"), ("'7'", "7")],
)
def test_texts_stay_texts(check: Any, text: str, value: str) -> None:
    assert check(f"description: {text}\n" + steps("- train: {arch: fc2}")).description == value


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no recipe at"):
        make_plan(tmp_path / "nowhere.yaml", [], load_registry())
    with pytest.raises(RecipeError, match="cannot be read"):
        make_plan(tmp_path, [], load_registry())


def test_a_byte_order_mark_and_windows_lines(check: Any) -> None:
    text = steps("- train: {arch: fc2}").replace("\n", "\r\n")
    assert check(b"\xef\xbb\xbf" + text.encode()).steps[0].id == "train"


def test_data_sets_of_steps_that_name_none(check: Any) -> None:
    plan = check(
        steps("- id: r\n  train: {arch: fc2}\n- id: s\n  convert: {model: r}\n- eval: {model: s, data: mnist}")
    )
    assert [step.data for step in plan.steps] == [DEFAULT_DATA, DEFAULT_DATA, "mnist"]
