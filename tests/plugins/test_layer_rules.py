"""Layer rules of plugins: asked for when they are needed, and what one plugin does wrong is its own problem."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

import fake_package
from snnctl.errors import ConversionError, PluginError
from snnctl.plugins import Registry, load_registry

Load = Callable[..., Registry]

HOOK = """
    from decimal import Decimal
    from fractions import Fraction

    from snnctl.errors import ConversionError
    from snnctl.plugins import hookimpl

    ASKED = []

    def rule(context, layer, *signals):
        return (context, layer, signals)

    @hookimpl
    def register_layer_rules(register):
        {body}
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """A function that installs packages, each with the given body of the hook, and loads the registry.

    Classes of the standard library stand for layer classes: nothing here knows what a layer is.
    """
    monkeypatch.syspath_prepend(tmp_path)
    modules = []

    def install_and_load(**bodies: str) -> Registry:
        for module, body in bodies.items():
            fake_package.install(tmp_path, module, HOOK.format(body=body))
            modules.append(module)
        return load_registry()

    yield install_and_load
    for module in modules:
        sys.modules.pop(module, None)


def messages(registry: Registry) -> list[str]:
    return [str(problem) for problem in registry.problems if problem.hook == "register_layer_rules"]


def names(registry: Registry, builtin: tuple[type, ...] = ()) -> set[str]:
    return {layer.__name__ for layer in registry.layer_rules(builtin)}


def test_a_rule_is_called_with_context_layer_and_signals(load: Load) -> None:
    registry = load(rules_one="register(Decimal, rule)")
    [rule] = registry.layer_rules().values()
    assert rule("context", "layer", 1, 2) == ("context", "layer", (1, 2))
    assert messages(registry) == []


def test_without_plugins_there_are_none() -> None:
    assert load_registry(entry_points=False).layer_rules() == {}
    assert Registry().layer_rules() == {}


def test_the_hook_is_called_only_when_rules_are_asked_for(load: Load) -> None:
    registry = load(rules_late="ASKED.append(1); 1 / 0")
    [plugin] = [plugin for plugin in registry.plugins if plugin.package == "rules-late"]
    assert (plugin.layer_rules, plugin.error) == (True, None)
    asked = sys.modules["rules_late"].ASKED
    assert asked == []
    registry.layer_rules()
    assert asked == [1]
    assert messages(registry) == [
        "plugin rules-late (rules-late): register_layer_rules fails: ZeroDivisionError: division by zero"
    ]


def test_a_plugin_without_the_hook_has_no_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    fake_package.install(tmp_path, "rules_none", fake_package.GOOD)
    registry = load_registry()
    [plugin] = [plugin for plugin in registry.plugins if plugin.package == "rules-none"]
    assert not plugin.layer_rules
    assert "rules-none" not in {hook.package for hook in registry.rule_hooks}


def test_listing_plugins_imports_no_keras_of_theirs(tmp_path: Path) -> None:
    fake_package.install(
        tmp_path, "rules_keras", HOOK.format(body="import keras; register(keras.layers.Rescaling, rule)")
    )
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from snnctl.cli import main
try:
    main(["plugins", "list"])
except SystemExit:
    pass
print({{"keras", "tensorflow"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    lines = done.stdout.splitlines()
    assert lines[-1] == "set()"
    listed = lines.index("rules-keras (rules-keras 1.2): ok")
    assert "layer rules" in lines[listed + 1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1 / 0", "register_layer_rules fails: ZeroDivisionError"),
        ("raise SystemExit", "register_layer_rules fails: SystemExit"),
        ("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
        ("raise type('Odd', (BaseException,), {})('boo')", "register_layer_rules fails: Odd: boo"),
        ("register(Fraction)", "register_layer_rules fails: TypeError"),
        ("register('Fraction', rule)", "registers a layer rule for str 'Fraction', which is no class"),
        ("register(Fraction(1), rule)", "registers a layer rule for Fraction Fraction(1, 1), which is no class"),
        ("register(rule, Fraction)", "registers a layer rule for function <function rule"),
        ("register(Fraction, None)", "registers NoneType None as the rule for Fraction (fractions): no function"),
        (
            "register(type('Odd', (type,), {'__hash__': lambda self: 1 / 0})('X', (), {}), rule)",
            "registers a broken layer rule: ZeroDivisionError",
        ),
    ],
)
def test_a_broken_hook_is_one_problem_and_the_other_plugins_rules_stay(load: Load, body: str, message: str) -> None:
    registry = load(rules_broken=body, rules_good="register(Decimal, rule)")
    warned: list[str] = []
    assert {layer.__name__ for layer in registry.layer_rules(warn=warned.append)} == {"Decimal"}
    assert messages(registry) == warned
    [problem] = warned
    assert problem.startswith("plugin rules-broken (rules-broken): ")
    assert message in problem


def test_what_was_registered_before_the_failure_stays(load: Load) -> None:
    registry = load(rules_half="register(42, rule); register(Decimal, rule); 1 / 0")
    assert names(registry) == {"Decimal"}
    assert len(messages(registry)) == 2


def test_a_problem_is_told_once(load: Load) -> None:
    registry = load(rules_broken="1 / 0")
    warned: list[str] = []
    registry.layer_rules(warn=warned.append)
    registry.layer_rules(warn=warned.append)
    assert len(warned) == len(messages(registry)) == 1


def test_a_class_belongs_to_the_first_in_alphabetical_order(load: Load) -> None:
    registry = load(rules_b="register(Decimal, lambda *_: 'b')", rules_a="register(Decimal, lambda *_: 'a')")
    [rule] = registry.layer_rules().values()
    assert rule() == "a"
    assert messages(registry) == [
        "plugin rules-b (rules-b): register_layer_rules: a layer rule for Decimal (decimal) is already provided by "
        "rules-a"
    ]


def test_a_class_twice_in_one_plugin(load: Load) -> None:
    registry = load(rules_twice="register(Decimal, rule); register(Decimal, print)")
    assert names(registry) == {"Decimal"}
    assert "is already provided by rules-twice" in messages(registry)[0]


def test_snnctls_own_rules_cannot_be_replaced(load: Load) -> None:
    registry = load(rules_own="register(Fraction, rule); register(Decimal, rule)")
    assert names(registry, builtin=(Fraction,)) == {"Decimal"}
    assert messages(registry) == [
        "plugin rules-own (rules-own): register_layer_rules: a layer rule for Fraction (fractions) is already provided "
        "by snnctl"
    ]


def test_what_the_hook_prints_is_no_result(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load(rules_noisy="print('hello'); register(Decimal, rule)").layer_rules()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def failing(raised: str) -> str:
    """The body of a hook whose rule raises."""
    return f"register(Decimal, lambda *_: (_ for _ in ()).throw({raised}))"


@pytest.mark.parametrize("raised", ["ValueError('no luck')", "SystemExit('no luck')"])
def test_a_rule_that_fails_is_told_as_the_plugins(load: Load, raised: str) -> None:
    [rule] = load(rules_failing=failing(raised)).layer_rules().values()
    with pytest.raises(PluginError, match=r"its rule for Decimal \(decimal\) failed: .*no luck") as caught:
        rule(None, None)
    assert caught.value.where == "plugin rules-failing (rules-failing)"


def test_a_rule_may_refuse_a_layer(load: Load) -> None:
    [rule] = load(rules_refusing=failing("ConversionError('not this one')")).layer_rules().values()
    with pytest.raises(ConversionError, match="not this one"):
        rule(None, None)


def test_a_hook_with_another_signature_is_told_at_once(load: Load, tmp_path: Path) -> None:
    source = HOOK.format(body="pass").replace("(register)", "(register, more)")
    fake_package.install(tmp_path, "rules_signature", source)
    assert any("more" in problem.message for problem in load().problems if problem.package == "rules-signature")


def test_plugins_can_be_disabled(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNCTL_DISABLE_PLUGINS", "1")
    assert load(rules_off="register(Decimal, rule)").layer_rules() == {}
