"""The schema accepts every recipe of the repository, and refuses what is wrong in structure."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from broken_recipes import Broken, written
from snnctl.plugins import Registry, Verb, load_registry
from snnctl.plugins.registry import Entry
from snnctl.recipes import make_plan
from snnctl.recipes.library import templates
from snnctl.recipes.load import parse_value
from snnctl.recipes.place import Place
from snnctl.recipes.schema import recipe_schema

FOLDER = Path(__file__).parents[2] / "recipes"
SHIPPED = [*sorted(FOLDER.rglob("*.yaml")), *templates().values()]
STRUCTURAL = [broken for broken in written() if broken.structural]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


@pytest.fixture(scope="module")
def validator(registry: Registry) -> Draft202012Validator:
    schema = recipe_schema(registry)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def content(text: str) -> Any:
    return parse_value(textwrap.dedent(text), Place("recipe")).plain()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_accepts_every_shipped_recipe(validator: Draft202012Validator, path: Path) -> None:
    assert [error.message for error in validator.iter_errors(content(path.read_text()))] == []


@pytest.mark.parametrize("broken", STRUCTURAL, ids=lambda broken: broken.path.stem)
def test_refuses_what_is_structurally_wrong(validator: Draft202012Validator, broken: Broken) -> None:
    assert not validator.is_valid(content(broken.path.read_text()))


def test_most_of_the_broken_recipes_are_structurally_wrong() -> None:
    assert len(STRUCTURAL) > 50


ACCEPTED = [
    # in the words of the checks: dashes, and variables in place of anything
    "steps: [{train: {arch: fc2, batch-size: 8, lr_schedule: constant, data-dir: x}}]",
    "vars: {a: fc2, n: 3}\nsteps: [{train: {arch: '${a}', epochs: '${n}', arch_opt: {hidden: '1${n}'}}}]",
    "steps: [{train: {arch: fc2, arch-opt: {hidden: 5}, data: snnctl:mnist, limit: null}}]",
    "steps: [{train: {arch: fc2, arch_opt: , data: mnist, data_opt: }}]",
    "steps: [{train: {arch: fc, arch_opt: {widths: '300,100'}}}]",
    "steps: [{train: {arch: fc2, callback: early-stopping}}]",
    "steps: [{train: {arch: fc2, callback: [early-stopping]}}]",
    "steps: [{train: {arch: fc2, callback: {early-stopping: }}}]",
    "steps: [{train: {arch: fc2, type: snn, constraint: {'snnctl:time-bits': {value: 4}}}}]",
    "steps: [{id: s, train: {arch: fc2, type: snn}}, {sweep: {model: s, time_bits: 2..4, noise: 0.1}}]",
    "steps: [{id: s, train: {arch: fc2, type: snn}}, {sweep: {model: s, time_bits: [2, 4]}}]",
    "steps: [{train: {arch: fc2}}, {convert: {model: train, input_range: '0,1'}}]",
    # what must be given may stand elsewhere
    "defaults: {arch: fc2}\nsteps: [{train: }]",
    "matrix: {train.arch: [fc2, fc]}\nsteps: [{train: {epochs: 1}}]",
    "matrix: {seed: [0, 1]}\nsteps: [{train: {arch: fc2, seed: '${seed}'}}]",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepts_what_the_checks_accept(
    validator: Draft202012Validator, registry: Registry, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    assert make_plan(path, [], registry).steps
    assert [error.message for error in validator.iter_errors(content(text))] == []


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("extends: base.yaml", True),
        ("extends: base.yaml\nmatrix: {seed: null}\nsteps: [{id: relu, train: {epochs: 3}}]", True),
        ("extends: base.yaml\nsteps: [{id: relu, train: {epoch: 3}}]", False),
        ("matrix: {seed: null}\nsteps: [{train: {arch: fc2}}]", False),
    ],
)
def test_a_recipe_that_extends_another_need_not_say_everything(
    validator: Draft202012Validator, text: str, accepted: bool
) -> None:
    assert validator.is_valid(content(text)) == accepted


def test_options_of_plugins_are_in_it(validator: Draft202012Validator) -> None:
    """The example plugin's data set and architecture, each with its own options."""
    good = "steps: [{train: {data: bars, arch: allconv, arch_opt: {filters: 8}}}]"
    assert validator.is_valid(content(good))
    assert not validator.is_valid(content(good.replace("filters", "hidden")))
    assert not validator.is_valid(content(good.replace("8", "many")))
    assert not validator.is_valid(content(good.replace("bars", "barz")))


def test_steps_of_plugins_are_in_it(registry: Registry, validator: Draft202012Validator) -> None:
    probe = Verb("probe", "Look into a network.", "snnctl.verbs.export_options:ExportOptions", "nowhere:probe")
    steps = {**registry.claims["steps"], "probe": (Entry(probe, "snnctl-probe"),)}
    schema = recipe_schema(Registry({**registry.claims, "steps": steps}))
    recipe = content("steps: [{id: look, probe: {model: net.keras, seed: 3}}]")
    assert Draft202012Validator(schema).is_valid(recipe)
    assert not validator.is_valid(recipe)
    assert not Draft202012Validator(schema).is_valid(content("steps: [{id: look, probe: {model: net.keras, sed: 3}}]"))


def test_it_helps_with_words(validator: Draft202012Validator) -> None:
    definitions = validator.schema["$defs"]
    epochs = definitions["step.train"]["properties"]["epochs"]
    assert epochs["description"] == "Passes over the training data."
    assert epochs["default"] == 10
    assert "units" in definitions["architectures.snnctl.fc"]["properties"]["widths"]["description"]


def test_it_is_the_same_in_every_process_and_needs_no_tensorflow(registry: Registry) -> None:
    script = (
        "import json, sys; from snnctl.plugins import load_registry; from snnctl.recipes.schema import recipe_schema\n"
        "print(json.dumps(recipe_schema(load_registry()))); assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == json.dumps(recipe_schema(registry)) + "\n"
