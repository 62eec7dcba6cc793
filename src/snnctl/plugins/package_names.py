"""Names of packages, of which several spellings mean the same."""

from __future__ import annotations

import re


def same_package(one: str, other: str) -> bool:
    """Whether two names are one package's: neither case nor the kind and number of dashes matter. [PEP 503]"""
    return _canonical(one) == _canonical(other)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
