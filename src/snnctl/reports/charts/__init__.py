"""Charts as SVG texts: accessible, readable in light and dark and on paper, told apart without colour."""

from snnctl.reports.charts.bars import Bars, bar_chart
from snnctl.reports.charts.heatmap import confusion_matrix
from snnctl.reports.charts.histograms import Histogram, histograms
from snnctl.reports.charts.levels import Level
from snnctl.reports.charts.line import Series, line_panel
from snnctl.reports.charts.palette import STYLE
from snnctl.reports.charts.panels import Panel, alone, stacked
from snnctl.reports.charts.potentials import Trajectory, neuron_potential, output_potentials
from snnctl.reports.charts.raster import Spikes, raster

__all__ = [
    "STYLE",
    "Bars",
    "Histogram",
    "Level",
    "Panel",
    "Series",
    "Spikes",
    "Trajectory",
    "alone",
    "bar_chart",
    "confusion_matrix",
    "histograms",
    "line_panel",
    "neuron_potential",
    "output_potentials",
    "raster",
    "stacked",
]
