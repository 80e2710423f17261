# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Losses from Python: how they are said, what the host may give, and training with them."""

import arsis
import numpy as np
import onnx
import pytest
from arsis import training
from arsis.data import Data
from onnx import TensorProto, helper, numpy_helper

BATCH, CLASSES, IMAGE = 4, 3, (1, 2, 3)


def pixel_net() -> onnx.ModelProto:
    """Classes of pixels by one 1x1 convolution with a bias."""
    weight = np.linspace(-1, 1, CLASSES, dtype=np.float32).reshape(CLASSES, 1, 1, 1)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w", "b"], ["y"], name="conv")],
        "pixels",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *IMAGE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", CLASSES, *IMAGE[1:]])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(np.zeros(CLASSES, np.float32), "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def session_of(loss, **options) -> arsis.Session:
    program = arsis.compile(
        pixel_net(), "tiny", batch=BATCH, train=True, loss=loss, keep="gradients", optimizer="sgd,lr=1", **options
    )
    session = arsis.Session(program, "tiny")
    session.write("x", np.linspace(-1, 1, BATCH * 6, dtype=np.float32).reshape(BATCH, *IMAGE))
    return session


def labels(value: int = 0) -> np.ndarray:
    return np.full((BATCH, *IMAGE[1:]), value)


def test_a_list_of_terms_is_their_sum():
    terms = ["softmax-xent,of=y", "mse,of=y,weight=0.5"]
    one, other = (
        arsis.compile(pixel_net(), "tiny", batch=2, train=True, loss=loss) for loss in (terms, "+".join(terms))
    )
    assert bytes(one) == bytes(other)


@pytest.mark.parametrize(
    ("loss", "name", "given", "problem"),
    [
        ("softmax-xent", "labels", labels(3), "tensor labels has label 3 at element 0, expected 0 to 2"),
        ("softmax-xent", "labels", labels(-100), "tensor labels has label -100 at element 0, expected 0 to 2"),
        ("softmax-xent,ignore-index=255", "labels", labels(254), "label 254 at element 0, expected 0 to 2 or 255"),
        ("softmax-xent", "labels", labels()[:, 0], r"tensor labels.*\(4, 3\)|tensor labels.*4x3"),
        ("softmax-xent", "labels", labels() + 0.5, "tensor labels"),
        (
            "mse",
            "targets",
            np.full((BATCH, CLASSES, 2, 3), np.nan, np.float32),
            "tensor targets has nan at element 0, expected a fin",
        ),
        ("mse", "targets", np.zeros((BATCH, 2, 3, CLASSES)), "tensor targets"),
        (
            "bce-with-logits",
            "targets",
            np.full((BATCH, CLASSES, 2, 3), 1.5, np.float32),
            "tensor targets has 1.5 at element 0, expected a number from 0 to 1",
        ),
    ],
)
def test_what_the_host_gives_is_checked(loss, name, given, problem):
    session = session_of(loss)
    with pytest.raises(arsis.InputError, match=problem):
        session.write(name, given)


def test_ignored_labels_are_taken():
    session = session_of("softmax-xent,ignore-index=255")
    given = labels()
    given[1:] = 255
    session.write("labels", given)
    session.run("functional")
    assert 0 < float(session.read("loss")) < 2


def test_where_all_is_ignored_the_loss_is_nan_and_nothing_moves():
    session = session_of("softmax-xent,ignore-index=-100,label-smoothing=0.1")
    session.write("labels", labels(-100))
    before = session.read("w")
    session.run("functional")
    assert np.isnan(session.read("loss"))
    assert not session.read("grad:w").any() and not session.read("grad:b").any()
    assert session.read("w").tobytes() == before.tobytes()


def test_the_host_may_write_class_weights():
    gradients = []
    for first, second in (("0:0:1", None), ("1:1:1", [0, 0, 1])):
        session = session_of("softmax-xent,class-weights=" + first)
        session.write("labels", np.arange(BATCH * 6).reshape(BATCH, 2, 3) % CLASSES)
        if second:
            session.write("class_weights", np.array(second, np.float32))
        session.run("functional")
        gradients.append(session.read("grad:w").tobytes())
    assert gradients[0] == gradients[1]


def pixel_data() -> Data:
    """The class of a pixel is whether it is dark, grey or bright; every seventh pixel is unknown."""
    random = np.random.default_rng(0)
    found = random.integers(0, CLASSES, (40, *IMAGE[1:])).astype(np.int32)
    images = ((found - 1) + random.uniform(-0.3, 0.3, found.shape)).astype(np.float32)[:, None]
    found.flat[::7] = 255
    return Data("pixels", images[:32], found[:32], images[32:], found[32:])


def test_a_net_of_pixels_learns():
    settings = arsis.Settings(
        chip="tiny", batch=8, epochs=6, learning_rate=1.0, loss="softmax-xent,ignore-index=255", timing="first"
    )
    report = training.train(pixel_net(), pixel_data(), settings)["training"]
    assert report["epochs_bit_exact"] == 6 and report["accuracy_chip"] == report["accuracy_reference"]
    assert report["accuracy_chip"][-1] > 0.95


def test_training_takes_labels_of_classes_only():
    settings = arsis.Settings(chip="tiny", batch=8, epochs=1, loss="mse")
    with pytest.raises(
        arsis.InputError, match="loss: found 'mse', which reads targets of f32; expected one that reads"
    ):
        training.train(pixel_net(), pixel_data(), settings)


def test_training_names_labels_of_another_shape():
    data = pixel_data()
    data.test_labels = data.test_labels[:, 0]
    settings = arsis.Settings(chip="tiny", batch=8, epochs=1, loss="softmax-xent,ignore-index=255")
    with pytest.raises(
        arsis.InputError, match=r"found test labels of shape \(8, 3\), the model's loss takes \(8, 2, 3\)"
    ):
        training.train(pixel_net(), data, settings)
