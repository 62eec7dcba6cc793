"""New plugins: packages that install, with something that works for each kind of thing a plugin can add."""

from __future__ import annotations

from snnctl.scaffold.kinds import SCAFFOLDS, Scaffold
from snnctl.scaffold.naming import Names, check_names
from snnctl.scaffold.package import commands_to_try, new_package
from snnctl.scaffold.writing import write_package

__all__ = ["SCAFFOLDS", "Names", "Scaffold", "check_names", "commands_to_try", "new_package", "write_package"]
