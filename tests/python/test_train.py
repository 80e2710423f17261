# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis.train: callbacks see every step and epoch, may stop, and weights carry over."""

import arsis
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tiny_model import tiny_data, tiny_model


class Log(arsis.Callback):
    def __init__(self, stop_at: int = 0) -> None:
        self.seen: list[object] = []
        self.stop_at = stop_at

    def on_step(self, training: arsis.Training) -> None:
        self.seen.append((training.step, len(training.history.loss_chip)))
        if training.step == self.stop_at:
            raise arsis.StopTraining

    def on_epoch(self, training: arsis.Training) -> None:
        self.seen.append(f"epoch {training.epoch}")


@pytest.fixture
def model(tmp_path):
    return tiny_model(tmp_path / "m.onnx")


@pytest.fixture
def data(tmp_path):
    return str(tiny_data(tmp_path / "d.npz"))


def settings(**changes: object) -> arsis.Settings:
    return arsis.Settings(**{"chip": "tiny", "batch": 4, "epochs": 2, **changes})


def test_callbacks_see_every_step_and_epoch(model, data):
    log = Log()
    report = arsis.train(model, data, settings(), [log])
    assert log.seen == [(1, 1), (2, 2), "epoch 1", (3, 3), (4, 4), "epoch 2"]
    assert report["training"]["steps"] == 4 and report["training"]["model"] == "m"
    assert report["training"]["accuracy_chip"] == report["training"]["accuracy_reference"]


def test_a_callback_stops_the_training(model, data):
    log = Log(stop_at=3)
    report = arsis.train(model, data, settings(), [log])
    assert log.seen[-1] == (3, 3) and report["training"]["steps"] == 3 and report.cycles > 0


def test_what_a_callback_raises_comes_out(model, data):
    class Broken(arsis.Callback):
        def on_step(self, training):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        arsis.train(model, data, settings(), [Broken()])


def test_two_halves_are_one_training_but_for_momentum(model, data):
    """Weights after an epoch, put into a second training, lead on as if it had not stopped; no momentum is lost."""
    kept = {}

    class Keep(arsis.Callback):
        def on_epoch(self, training):
            kept[len(kept)] = training.weights()

    whole = settings(momentum=0.0, batch=10)
    losses = arsis.train(model, data, whole, [Keep()])["training"]["loss_chip"]
    first = dict(kept[0])
    again = arsis.train(model, data, settings(momentum=0.0, batch=10, epochs=1), init=first)["training"]["loss_chip"]
    assert np.allclose(again, losses[1:], rtol=1e-6)  # the batch is all images, in another order
    first.pop("w1")
    with pytest.raises(arsis.InputError, match=r"init: tensor w1 of shape \(4, 4\) is missing"):
        arsis.train(model, data, whole, init=first)


def test_what_is_frozen_stays(model, data):
    kept = {}

    class Keep(arsis.Callback):
        def on_epoch(self, training):
            kept.update(training.weights())

    arsis.train(model, data, settings(epochs=1, freeze=("*1",)), [Keep()])
    given = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(model).graph.initializer}
    assert {name for name, array in kept.items() if np.array_equal(array, given[name])} == {"w1", "b1"}


def test_a_parameter_without_values(model, data):
    proto = onnx.load(model)
    for tensor in proto.graph.initializer:
        proto.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    del proto.graph.initializer[:]
    content = proto.SerializeToString()
    words = "^<bytes>: parameter b1 is an input without values; give random_weights SEED$"
    with pytest.raises(arsis.ModelError, match=words):
        arsis.train(content, data, settings())
    losses = [arsis.train(content, data, settings(random_weights=seed))["training"]["loss_chip"] for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_a_changed_chip(model, data):
    chip = arsis.Chip("tiny").with_(**{"clock.core_mhz": 1})
    assert arsis.train(model, data, settings(chip=chip, epochs=1))["chip"]["core_mhz"] == 1
