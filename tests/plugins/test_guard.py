"""What is told of a plugin's failure."""

from __future__ import annotations

import pytest

from snnctl.errors import PluginError
from snnctl.plugins.guard import describe, guard


class MuteError(Exception):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("two\n lines"), "ValueError: two lines"),
        (ValueError("\ud800 and \x1b[31mred"), r"ValueError: \ud800 and \x1b[31mred"),
        (ValueError("größer als 3 µs"), "ValueError: größer als 3 µs"),
        (MuteError(), "MuteError"),
        (SystemExit(), "SystemExit"),
    ],
)
def test_a_failure_is_told_in_one_line_that_any_file_and_terminal_takes(error: BaseException, told: str) -> None:
    assert describe(error) == told
    with pytest.raises(PluginError) as caught, guard("it failed"):
        raise error
    assert caught.value.what == f"it failed: {told}"
    caught.value.what.encode()
