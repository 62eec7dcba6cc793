"""Options of an architecture are read from the signature of its ``build``."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from snnctl.errors import UsageError
from snnctl.plugins import Architecture
from snnctl.plugins.options import check_options, declared_options, options_model


class Example(Architecture):
    """An architecture with an option of every type."""

    name = "example"

    def build(  # type: ignore[override]
        self,
        input_shape: tuple[int, ...],
        classes: int,
        *,
        hidden: int = 340,
        widths: list[int] = [3],  # noqa: B006
        batch_norm: bool = False,
        l2: float = 0.0,
        kind: Literal["relu", "tanh"] = "relu",
        depth: int | None = None,
        note: str = "",
    ) -> Any:
        """Never called."""


class Plain(Architecture):
    """An architecture without options."""

    name = "plain"

    def build(self, input_shape: tuple[int, ...], classes: int) -> Any:  # type: ignore[override]
        """Never called."""


def test_every_option_has_type_and_default() -> None:
    assert declared_options(Example())["hidden"] == (int, 340)
    assert options_model(Example())().model_dump()["widths"] == [3]
    assert declared_options(Plain()) == {}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"hidden": "340"}, {"hidden": 340}),
        ({"hidden": 340}, {"hidden": 340}),
        ({"widths": "[300,100]"}, {"widths": [300, 100]}),
        ({"widths": "300,100"}, {"widths": [300, 100]}),
        ({"widths": "300"}, {"widths": [300]}),
        ({"widths": [300, 100]}, {"widths": [300, 100]}),
        ({"batch_norm": "true"}, {"batch_norm": True}),
        ({"batch-norm": "false"}, {"batch_norm": False}),
        ({"l2": "5e-4"}, {"l2": 5e-4}),
        ({"kind": "tanh"}, {"kind": "tanh"}),
        ({"depth": "none"}, {"depth": None}),
        ({"depth": "4"}, {"depth": 4}),
        ({"note": "none"}, {"note": "none"}),
        ({}, {}),
    ],
)
def test_texts_and_values_are_read(given: dict[str, Any], read: dict[str, Any]) -> None:
    assert check_options(Example(), given) == read


@pytest.mark.parametrize(
    ("given", "message", "todo"),
    [
        ({"hiden": "3"}, "no option 'hiden' of architecture 'example'", "did you mean 'hidden'?"),
        ({"zzz": "3"}, "no option 'zzz'", "known: hidden, widths"),
        ({"hidden": "many"}, "option 'hidden' of architecture 'example' is 'many': it should be a valid integer", ""),
        ({"hidden": True}, "option 'hidden' of architecture 'example' cannot be true", ""),
        ({"widths": "3,x"}, "option 'widths'", ""),
        ({"kind": "rely"}, "it must be 'relu' or 'tanh'", "did you mean 'relu'?"),
        ({"batch_norm": "perhaps"}, "valid boolean", ""),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], message: str, todo: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_options(Example(), given)
    assert message in caught.value.what
    assert caught.value.todo.startswith(todo)


def test_no_options_at_all() -> None:
    with pytest.raises(UsageError, match="no option 'hidden' of architecture 'plain'") as caught:
        check_options(Plain(), {"hidden": 3})
    assert caught.value.todo == "known: none"
