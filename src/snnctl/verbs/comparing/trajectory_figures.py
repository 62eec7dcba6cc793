"""The result of ``trajectory`` as figures, as a table and as curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from snnctl.verbs.comparing.csv_text import csv_text
from snnctl.verbs.comparing.options import RELU

if TYPE_CHECKING:
    from snnctl.training.trajectory import Track


def figures(track: Track) -> dict[str, Any]:
    """What one network came to, as plain data; null where it diverged."""
    ended = track.diverged is None
    return {
        "neuron": track.name,
        "loss": track.loss[-1] if ended else None,
        "distance": track.distance[-1] if ended else None,
        "largest_distance": max(track.distance, default=None),
        "cosine": track.cosine[-1] if ended else None,
        "accuracy": list(track.accuracy.values())[-1] if ended else None,
        "accuracies": {str(step): value for step, value in track.accuracy.items()},
        "diverged": track.diverged,
    }


def table(tracks: Sequence[Track]) -> str:
    """One line a step, with the figures of all networks, as CSV."""
    rows = []
    for step in range(max(len(track.loss) for track in tracks)):
        row: dict[str, Any] = {"step": step}
        for track in tracks:
            known = step < len(track.loss)
            row[f"{track.name}_loss"] = track.loss[step] if known else None
            if track.name != RELU:
                row[f"{track.name}_distance"] = track.distance[step] if known else None
                row[f"{track.name}_cosine"] = track.cosine[step] if known else None
            row[f"{track.name}_accuracy"] = track.accuracy.get(step)
        rows.append(row)
    return csv_text(rows)


def charts(tracks: Sequence[Track], arch: str) -> dict[str, str]:
    """Distance and loss step by step, as SVG by file name."""
    from snnctl.reports.network_charts import distance_chart, loss_chart

    distances = {track.name: track.distance for track in tracks if track.name != RELU}
    losses = {track.name: track.loss for track in tracks}
    return {"trajectory.svg": distance_chart(distances, arch), "trajectory_loss.svg": loss_chart(losses, arch)}
