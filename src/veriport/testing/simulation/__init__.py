"""The delivery pipeline under a virtual clock, with faults at every step, chosen by a seed.

``simulate(seed)`` runs producers and workers, which are plain loops over ports, passes one baton from port
call to port call, and checks the promise of ADR 0010. The same seed gives the same run.

``python -m veriport.testing.simulation --seeds 1000`` tries many.
"""

from __future__ import annotations

from veriport.testing.simulation.scenario import Report, Setup, simulate

__all__ = ["Report", "Setup", "simulate"]
