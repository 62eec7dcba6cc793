"""One image on its way through the network."""

from __future__ import annotations

from base64 import b64encode

from snnctl.reports.charts import neuron_potential, output_potentials, raster
from snnctl.reports.facts import Absent, Facts, Section, TracedImage
from snnctl.reports.markup import Html, figure, join, tag

TITLE = "One image"


def one_image(facts: Facts) -> Section | Absent:
    """The image, its spikes, some potentials and the readout."""
    traced = facts.traced
    if traced is None:
        return Absent(TITLE, dict(facts.missing).get(TITLE, "Not asked for."))
    spikes = f"Spikes of all populations for image {traced.index}"
    shown = raster(spikes, traced.populations, t_read=traced.t_read, inline=True)
    caption = "Spikes of all populations: a dot for each, the windows shaded."
    charts = [figure(shown, caption, spikes), *_outputs(traced), *_neurons(traced)]
    return Section("image", TITLE, join([_introduction(facts, traced), tag("div", *charts, class_="pair")]))


def _neurons(traced: TracedImage) -> list[Html]:
    """Potentials of single neurons."""
    return [
        figure(
            neuron_potential(f"Potential of {one.name}", one, index=place, inline=True),
            one.words(),
            f"Potential of {one.name}",
        )
        for place, one in enumerate(traced.neurons)
    ]


def _introduction(facts: Facts, traced: TracedImage) -> Html:
    run = next((run for run in facts.runs if run.name == traced.run), facts.runs[-1])
    label, answer = (facts.class_name(run, index) for index in (traced.label, traced.prediction))
    verdict = "right" if traced.label == traced.prediction else f"wrong: the label is {label}"
    words = join(
        [
            f"Image {traced.index} of the {traced.split} split, seen by {traced.run}. Its answer is ",
            tag("strong", answer),
            f", which is {verdict}.",
        ]
    )
    if traced.picture is None:
        return tag("p", words)
    source = f"data:image/png;base64,{b64encode(traced.picture).decode()}"
    width, height = traced.size
    alternative = f"Image {traced.index}, labelled {label}"
    picture = tag("img", src=source, alt=alternative, width=width, height=height, class_="sample")
    return tag("div", picture, tag("p", words), class_="subject")


def _outputs(traced: TracedImage) -> list[Html]:
    if not traced.outputs:
        return []
    name = "Potentials of the readout"
    chart = output_potentials(name, traced.outputs, traced.winner, inline=True)
    return [figure(chart, "Potentials of the readout: the highest at its end is the answer.", name)]
