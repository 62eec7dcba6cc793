"""For mkdocstrings: Sphinx's roles in docstrings, such as ``:class:`~snnctl.errors.UsageError```, become code names."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":[a-z]+:`(?:~[\w.]*?(\w+)|([\w.]+))`")


class PlainRoles(griffe.Extension):
    """Rewrites every docstring as it is read."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called by griffe for every module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = plain(obj.docstring.value)


def plain(text: str) -> str:
    """``text`` with names in backquotes in place of roles."""
    return ROLE.sub(lambda role: f"`{role[1] or role[2]}`", text)
