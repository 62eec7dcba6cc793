"""Charts as SVG texts: accessible, readable in light and dark and on paper, told apart without colour."""

from snnctl.reports.charts.bars import Bars, bar_chart
from snnctl.reports.charts.heatmap import confusion_matrix
from snnctl.reports.charts.histograms import Histogram, histograms
from snnctl.reports.charts.line import Series, line_chart
from snnctl.reports.charts.palette import STYLE
from snnctl.reports.charts.potentials import Trajectory, neuron_potential, output_potentials
from snnctl.reports.charts.raster import Spikes, raster

__all__ = [
    "STYLE",
    "Bars",
    "Histogram",
    "Series",
    "Spikes",
    "Trajectory",
    "bar_chart",
    "confusion_matrix",
    "histograms",
    "line_chart",
    "neuron_potential",
    "output_potentials",
    "raster",
]
