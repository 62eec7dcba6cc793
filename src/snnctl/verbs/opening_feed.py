"""Opening the network that is converted, together with the data it is calibrated and verified on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnctl.runs import expanded
from snnctl.verbs.feed import Feed, named_feed, own_feed
from snnctl.verbs.opening import Network, open_network, require_relu
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.own_data import stored_shape
from snnctl.verbs.recorded import no_data_set, recorded_settings
from snnctl.verbs.result import Run
from snnctl.verbs.samples import data_source, named_data

if TYPE_CHECKING:
    import keras

    from snnctl.data.dataset import Dataset


def open_with_feed(options: ConvertOptions, run: Run) -> tuple[Network, Feed]:
    """The network, and its samples: those of a data set by name, or those of ``--calibrate``.

    Raises:
        UsageError: neither is named.
        ModelError: the network is missing, damaged, spiking already, or does not fit the data set.
        DataError: the data is missing, damaged, or does not fit the network.
        PluginError: no such data set or architecture.
    """
    own = options.calibrate is not None or run.given.calibration is not None
    recorded = recorded_settings(expanded(options.model)) if run.given.model is None else {}
    named = named_data(options, {} if own else recorded)
    if named is None and not own:
        raise no_data_set(options.model, calibrates=True)
    dataset = run.registry.dataset(named.name, named.options) if named else None
    network = open_network(options, run, dataset, stored_shape(options, run.given) if own else None)
    require_relu(network, options.model)
    source = None
    if dataset is not None and named is not None:
        check_takes(network.model, dataset)
        spelling = options.preprocess or network.recorded.get("preprocess")
        source = data_source(options, run, named, spelling, network.dtype)
    if own:
        return network, own_feed(options, run, network, source)
    assert source is not None
    return network, named_feed(options, source)


def check_takes(model: keras.Model, dataset: Dataset) -> None:
    """Refuse a network that does not take the data set's samples, or tells other classes apart.

    A network that returns something else than classes is compared all the same, without accuracy.

    Raises:
        ModelError: says both shapes.
    """
    from snnctl.data.fitting import fitted
    from snnctl.errors import DataError, ModelError
    from snnctl.models.network import check_fits
    from snnctl.verbs.network_shape import input_shape, output_shapes

    taken, returned = input_shape(model), output_shapes(model)
    if len(returned) == 1 and len(returned[0]) == 1:
        check_fits(model, dataset.input_shape, dataset.classes, dataset.name)
        return
    try:
        fitted(taken, dataset.input_shape, f"data set {dataset.name}")
    except DataError as error:
        raise ModelError(
            error.what, where=error.where, todo="Choose the data set the model was made for with --data."
        ) from error
