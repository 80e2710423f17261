# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The values come through the machine and the waits are all needed: change the program and see it caught."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the nets are exported by Debian's python3-torch")
import torch_models as nets  # noqa: E402
from arsis_tools import ROOT, compile_step, simulate, tensors_of, tool  # noqa: E402

TINY2 = str(ROOT / "tests/e2e/chips/tiny2.yaml")
MUTATIONS, LATENCY_SEEDS, WAIT_SEEDS = 500, 200, 20


def mutate(tmp_path, net: str, chip: str, batch: int, mode: str, count: int) -> dict:
    model = nets.build(net)
    nets.export(model, tmp_path / "model.onnx", batch)
    program = compile_step(tmp_path / "model.onnx", chip, batch, tmp_path / "step.arsis")
    random = np.random.default_rng(3)
    x = random.standard_normal((batch, *model.image), dtype=np.float32)
    inputs = {"x": x, "labels": random.integers(0, 10, batch)}
    # After one step no velocity and no running statistic is zero, so a wrong read of state shows.
    outputs, _ = simulate(program, chip, inputs, tmp_path, "--check=exact")
    state = {n: outputs[n] for n in tensors_of(program, "parameter", "state")}
    np.savez(tmp_path / "in.npz", **inputs, **state)
    return json.loads(tool("arsis-mutate", program, chip, tmp_path / "in.npz", mode, count).stdout)


def test_random_mutations_are_caught(tmp_path, capsys):
    found = mutate(tmp_path, "lenet5", "edge", 2, "mutations", MUTATIONS)
    with capsys.disabled():
        print(f"\nmutations: {found}")
    caught = found["verifier"] + found["machine"] + found["values"]
    changed = (
        MUTATIONS - found["equivalent"]
    )  # an equivalent change (a stride nobody steps along) is no change of the program
    assert changed > MUTATIONS / 2 and caught + found["equivalent"] >= 0.99 * MUTATIONS, found["survivors"]


@pytest.mark.parametrize("net", ["lenet5", "resnet8", "densenet"])
def test_latency_changes_no_bit(tmp_path, net):
    found = mutate(tmp_path, net, "edge", 2, "latency", LATENCY_SEEDS)
    assert found["tensors"] > 10 and not found["different"]


@pytest.mark.parametrize("chip", ["tiny", TINY2], ids=["one-unit", "two-units"])
@pytest.mark.parametrize("net", ["lenet5", "resnet8"])
def test_every_wait_is_needed_or_redundant(tmp_path, net, chip, capsys):
    found = mutate(tmp_path, net, chip, 1, "waits", WAIT_SEEDS)
    with capsys.disabled():
        print(f"\nwaits of {net} on {chip}: {found}")
    assert found["waits"] > 20 and found["rejected"] > 0
    assert not found["holes"], "accepted by the verifier, yet the values change"
    assert max(found["redundant"], found["longer"]) <= 0.15 * found["waits"]
    assert found["races_shown"] >= 1, "no rejected race ever changed a value"
