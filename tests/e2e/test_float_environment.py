# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A library in the same process may flush denormals or change the rounding: neither the chip, nor the reference, nor
the compiler may notice, and the library must find its settings again."""

import contextlib
import ctypes
import threading

import numpy as np
import pytest

arsis = pytest.importorskip("arsis")
torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

FE_TONEAREST, FE_UPWARD = 0, 0x800  # fenv.h of x86-64
LIBM = ctypes.CDLL("libm.so.6")
TINY = 1e-39  # 713623.85 units of 2^-149, so its bits are 713624
SUM_BITS = 2 * 713624
OPTIMIZER = "sgd,lr=0.02,momentum=0.9,weight-decay=0.0005"


def flushes_denormals() -> bool:
    return bool((torch.tensor([TINY, TINY]) + torch.tensor([TINY, TINY]) == 0).all())


@contextlib.contextmanager
def foreign_environment():
    """Denormals flushed by torch, rounding upwards by the C library; both must still be so at the end."""
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush denormals")
    assert LIBM.fesetround(FE_UPWARD) == 0
    try:
        yield
        assert LIBM.fegetround() == FE_UPWARD
        assert flushes_denormals()
    finally:
        LIBM.fesetround(FE_TONEAREST)
        torch.set_flush_denormal(False)


def addition() -> bytes:
    def value(name):
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, 4])

    node = onnx.helper.make_node("Add", ["x", "z"], ["y"], name="sum")
    graph = onnx.helper.make_graph([node], "addition", [value("x"), value("z")], [value("y")])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]).SerializeToString()


def sums(target, run) -> np.ndarray:
    """Bits of TINY + TINY, and of 1 + 2^-24, which rounds to even."""
    x, z = np.zeros((2, 4), np.float32), np.zeros((2, 4), np.float32)
    x.view(np.uint32)[0, :2] = 713624, 0x3F800000
    z.view(np.uint32)[0, :2] = 713624, 0x33800000
    target.write("x", x)
    target.write("z", z)
    run()
    return target.read("y").view(np.uint32)[0, :2]


@pytest.mark.parametrize("mode", ["full", "functional"])
def test_the_chip_keeps_denormals(mode):
    session = arsis.Session(arsis.compile(addition(), "tiny"), "tiny")
    with foreign_environment():
        found = sums(session, lambda: session.run(mode=mode))
    assert found.tolist() == [SUM_BITS, 0x3F800000]


@pytest.mark.parametrize("backend", ["exact", "plain", "onednn"])
def test_the_reference_keeps_denormals(backend):
    reference = arsis.Reference(arsis.compile(addition(), "tiny"))
    with foreign_environment():
        found = sums(reference, lambda: reference.run(backend))
    assert found.tolist() == [SUM_BITS, 0x3F800000]


def test_a_thread_of_the_caller_is_served_alike():
    program = arsis.compile(addition(), "tiny")
    found = []

    def work():
        with foreign_environment():
            session, reference = arsis.Session(program, "tiny"), arsis.Reference(program)
            found.append(sums(session, session.run).tolist())
            found.append(sums(reference, lambda: reference.run("exact")).tolist())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [[SUM_BITS, 0x3F800000]] * 2


def copying_convolution() -> bytes:
    """A convolution of kernel 1 by the identity, which is exact for every value."""
    shape = [8, 16, 32, 32]
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in "xy"]
    weight = onnx.numpy_helper.from_array(np.eye(16, dtype=np.float32).reshape(16, 16, 1, 1), "w")
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], name="copy", kernel_shape=[1, 1])
    graph = onnx.helper.make_graph([node], "convolution", values[:1], values[1:], [weight])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]).SerializeToString()


def test_threads_made_by_another_library_keep_denormals():
    """torch and oneDNN share the pool of OpenMP's threads that a thread has: here torch makes it, flushing."""
    reference = arsis.Reference(arsis.compile(copying_convolution(), "tiny"))
    bits = np.full((8, 16, 32, 32), 713624, np.uint32)
    many = torch.full((1 << 20,), TINY)
    found = []

    def work():
        torch.set_num_threads(2)
        with foreign_environment():
            assert bool((many + many == 0).all())
            reference.write("x", bits.view(np.float32))
            reference.run("onednn")
            found.append(reference.read("y").view(np.uint32))
            assert bool((many + many == 0).all())
        found.append("torch found its settings again")

    threads = torch.get_num_threads()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    torch.set_num_threads(threads)
    assert len(found) == 2
    assert np.array_equal(found[0], bits)


def step(model: str, image: np.ndarray) -> tuple[bytes, dict, list[bytes]]:
    """Program, report and every readable tensor, on the chip and on the reference, of one training step."""
    program = arsis.compile(model, "tiny", batch=2, train=True, optimizer=OPTIMIZER, keep="gradients")
    session = arsis.Session(program, "tiny", {"dram.bandwidth_gbps": "0.7"})
    reference = arsis.Reference(program)
    for target in (session, reference):
        target.write("x", image)
        target.write("labels", np.array([3, 8]))
    report = dict(session.run())
    reference.run("exact")
    for key in ("wall_clock_s", "verification"):
        del report[key]
    roles = ("parameter", "state", "gradient", "loss", "output")
    names = [tensor["name"] for tensor in program.tensors if tensor["role"] in roles]
    return bytes(program), report, [side.read(name).tobytes() for name in names for side in (session, reference)]


def test_a_training_step_is_the_same_in_every_bit(tmp_path):
    from arsis import models

    model = str(models.model_path("lenet5", tmp_path))
    image = np.random.default_rng(3).standard_normal((2, 1, 28, 28)).astype(np.float32)
    image[0, 0, :3] *= np.float32(1e-39)
    expected = step(model, image)
    with foreign_environment():
        found = step(model, image)
    assert found[0] == expected[0], "the compiler computed other constants"
    assert found[1] == expected[1], "times or energies differ"
    assert found[2] == expected[2]
    chip, reference = found[2][0::2], found[2][1::2]
    assert chip == reference
