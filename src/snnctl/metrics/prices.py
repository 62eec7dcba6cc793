"""What an operation costs, for estimates of energy."""

from __future__ import annotations

from dataclasses import dataclass

AC_PJ = 0.9
MAC_PJ = 4.6


@dataclass(frozen=True)
class Prices:
    """Energy of one operation, in pJ.

    By default that of 32-bit floating-point arithmetic in 45 nm at 0.9 V: an addition takes 0.9 pJ, a multiplication
    3.7 pJ. [Horowitz, *Computing's energy problem*, ISSCC 2014]

    Args:
        ac_pj: of an accumulate.
        mac_pj: of a multiply-accumulate.
    """

    ac_pj: float = AC_PJ
    mac_pj: float = MAC_PJ

    @property
    def assumption(self) -> str:
        """What an estimate with these prices rests on, one line."""
        source = "45 nm, Horowitz 2014" if self == Prices() else "as given"
        return (
            f"{source}: {self.ac_pj:g} pJ an accumulate, {self.mac_pj:g} pJ a multiply-accumulate; "
            "memory, routing and neurons not counted"
        )
