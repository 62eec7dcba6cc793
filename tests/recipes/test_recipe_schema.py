"""Schema and checks accept every recipe of the repository; the schema refuses what is wrong in structure."""

import textwrap
from pathlib import Path
from typing import Any

import pytest
from broken_recipes import FOLDER as BROKEN
from broken_recipes import Broken, written
from jsonschema import Draft202012Validator

from snnctl.plugins import Registry, Verb
from snnctl.plugins.registry import Entry
from snnctl.recipes import make_plan, parse_settings
from snnctl.recipes.library import templates
from snnctl.recipes.load import parse_value
from snnctl.recipes.place import Place
from snnctl.recipes.schema import recipe_schema

FOLDER = Path(__file__).parents[2] / "recipes"
SHIPPED = [*sorted(FOLDER.rglob("*.yaml")), *templates().values()]
STRUCTURAL = [broken for broken in written() if broken.structural]
NEEDED = {"cifar10-pretrained": ["weights=weights.h5"], "convert": ["network=weights.h5"]}  # what a recipe cannot know


@pytest.fixture(scope="module")
def validator(registry: Registry) -> Draft202012Validator:
    schema = recipe_schema(registry)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def content(text: str) -> Any:
    return parse_value(textwrap.dedent(text), Place("recipe")).plain()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_recipes_that_come_along_are_accepted(validator, registry, tmp_path, path, monkeypatch):
    assert [error.message for error in validator.iter_errors(content(path.read_text()))] == []
    monkeypatch.chdir(tmp_path)
    Path("weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    plan = make_plan(path, parse_settings(NEEDED.get(path.stem, [])), registry)
    assert plan.steps
    assert plan.description


@pytest.mark.parametrize("broken", STRUCTURAL, ids=lambda broken: broken.name)
def test_what_is_structurally_wrong_is_refused(validator: Draft202012Validator, broken: Broken) -> None:
    assert not validator.is_valid(content((BROKEN / broken.name).read_text()))


@pytest.mark.parametrize(
    "text",
    [
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
        "steps: [{id: s, train: {arch: fc2, type: snn}}, {sweep: {model: s, time_bits: 2..4, noise: [0.1]}}]",
        "steps: [{train: {arch: fc2}}, {convert: {model: train, input_range: '0,1'}}]",
        # what must be given may stand elsewhere
        "defaults: {arch: fc2}\nsteps: [{train: }]",
        "matrix: {train.arch: [fc2, fc]}\nsteps: [{train: {epochs: 1}}]",
        "matrix: {seed: [0, 1]}\nsteps: [{train: {arch: fc2, seed: '${seed}'}}]",
        # options of plugins
        "steps: [{train: {data: bars, arch: allconv, arch_opt: {filters: 8}}}]",
    ],
)
def test_what_the_checks_accept_is_accepted(validator: Draft202012Validator, plan_of: Any, text: str) -> None:
    assert plan_of(text).steps
    assert [error.message for error in validator.iter_errors(content(text))] == []


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        # a recipe that extends another need not say everything
        ("extends: base.yaml", True),
        ("extends: base.yaml\nmatrix: {seed: null}\nsteps: [{id: relu, train: {epochs: 3}}]", True),
        ("extends: base.yaml\nsteps: [{id: relu, train: {epoch: 3}}]", False),
        ("matrix: {seed: null}\nsteps: [{train: {arch: fc2}}]", False),
        # options of plugins
        ("steps: [{train: {data: bars, arch: allconv, arch_opt: {hidden: 8}}}]", False),
        ("steps: [{train: {data: bars, arch: allconv, arch_opt: {filters: many}}}]", False),
        ("steps: [{train: {data: barz, arch: allconv}}]", False),
    ],
)
def test_what_else_is_accepted_or_not(validator: Draft202012Validator, text: str, accepted: bool) -> None:
    assert validator.is_valid(content(text)) == accepted


def test_steps_of_plugins_are_in_it(registry: Registry, validator: Draft202012Validator) -> None:
    probe = Verb("probe", "Look into a network.", "snnctl.verbs.export_options:ExportOptions", "nowhere:probe")
    steps = {**registry.claims["steps"], "probe": (Entry(probe, "snnctl-probe"),)}
    extended = Draft202012Validator(recipe_schema(Registry({**registry.claims, "steps": steps})))
    recipe = "steps: [{id: look, probe: {model: net.keras, seed: 3}}]"
    assert extended.is_valid(content(recipe))
    assert not validator.is_valid(content(recipe))
    assert not extended.is_valid(content(recipe.replace("seed", "sed")))
    definitions = validator.schema["$defs"]
    epochs = definitions["step.train"]["properties"]["epochs"]
    assert (epochs["description"], epochs["default"]) == ("Passes over the training data.", 10)
    assert "units" in definitions["architectures.snnctl.fc"]["properties"]["widths"]["description"]
