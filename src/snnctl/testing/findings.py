"""What the checks of a plugin found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from snnctl.errors import SnnctlError

State = Literal["passed", "failed", "warned", "skipped"]
STATES: tuple[State, ...] = ("passed", "failed", "warned", "skipped")


@dataclass(frozen=True)
class Finding:
    """One check.

    Args:
        subject: what was checked: "package", "data set 'stripes'", ...
        check: what should be so.
        state: "failed" if it is not, "warned" if it should be better, "skipped" if it could not be found out.
        message: why; empty for what has passed.
    """

    subject: str
    check: str
    state: State
    message: str = ""

    def __str__(self) -> str:
        """The finding in one line."""
        head = f"{self.subject}: {self.check}: {self.state}"
        return f"{head}: {self.message}" if self.message else head

    def as_data(self) -> dict[str, str]:
        """Everything, as plain data."""
        return asdict(self)


class NonconformingError(AssertionError):
    """A plugin, or something of it, is not what snnctl asks for.

    Args:
        findings: all of them, also what has passed.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, failures(self.findings))))


class Wrong(Exception):  # noqa: N818  (within checks only)
    """Something is not as it should be."""


class Worth(Exception):  # noqa: N818  (within checks only)
    """Something that works should be better."""


class Unknown(Exception):  # noqa: N818  (within checks only)
    """It cannot be found out."""


class Checks:
    """Gathers the findings about one thing.

    Args:
        subject: what messages call it.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.findings: list[Finding] = []

    @contextmanager
    def that(self, check: str) -> Iterator[None]:
        """Around one check; whatever is raised within is its finding, for plugins raise anything.

        Args:
            check: what should be so, e.g. "labels are in range".
        """
        try:
            yield
        except KeyboardInterrupt:
            raise
        except Worth as found:
            self._note(check, "warned", str(found))
        except Unknown as found:
            self._note(check, "skipped", str(found))
        except Wrong as found:
            self._note(check, "failed", str(found))
        except BaseException as error:
            self._note(check, "failed", _told(error))
        else:
            self._note(check, "passed")

    def skip(self, check: str, why: str) -> None:
        """Note that a check was left out."""
        self._note(check, "skipped", why)

    def passed(self, check: str) -> bool:
        """Whether the check has been made, and nothing was wrong."""
        return any(found.check == check and found.state in ("passed", "warned") for found in self.findings)

    def _note(self, check: str, state: State, message: str = "") -> None:
        self.findings.append(Finding(self.subject, check, state, message))


def _told(error: BaseException) -> str:
    """What was raised, in one line."""
    if isinstance(error, SnnctlError):
        return " ".join(str(error).split())
    from snnctl.plugins.guard import describe  # not above: this module comes with every pytest

    return describe(error)


def require(good: object, message: str) -> None:
    """Say what is wrong unless ``good``.

    Raises:
        Wrong: it is not.
    """
    if not good:
        raise Wrong(message)


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Those that failed."""
    return [finding for finding in findings if finding.state == "failed"]


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many there are of each state; every state is there."""
    found = Counter(finding.state for finding in findings)
    return {state: found[state] for state in STATES}


def demand(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, if nothing failed.

    Raises:
        NonconformingError: something did; tells everything that failed, one line each.
    """
    found = list(findings)
    if failures(found):
        raise NonconformingError(found)
    return found


def as_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """The findings and their numbers, as plain data."""
    found = list(findings)
    return {**counted(found), "checks": [finding.as_data() for finding in found]}
