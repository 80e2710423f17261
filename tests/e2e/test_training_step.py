# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients and updated parameters of whole nets: bit for bit against the oracle, by norm against PyTorch in fp64.

Three steps in a row. The inputs of each step are searched (fixed seeds) so that in fp64 no ReLU input and no max-pool
decision is nearer to its kink than MARGIN times the rounding error at that site: nearer than that, rounding alone may
flip a decision and the comparison would measure luck. Per tensor, |chip - fp64| may be at most 8 times |PyTorch fp32
- fp64| or 1e-6 of |fp64|, whichever is larger, for every tensor of every net.
"""

import copy

import pytest

torch = pytest.importorskip("torch", reason="the independent check needs Debian's python3-torch")
import torch_models as nets  # noqa: E402
from arsis_tools import CHIPS, compile_step, simulate, tensors_of, tool  # noqa: E402

MARGIN = 8.0
BATCH = {
    "lenet5": 4,
    "resnet8": 2,
    "mobilenet": 2,
    "densenet": 4,
    "shufflenet": 4,
    "resnet18": 2,
    "squeeze_nets": 2,
}
STEPS, SEEDS = 3, 400
FACTOR, FLOOR = 8.0, 1e-6


@pytest.fixture(scope="module", params=list(nets.MODELS))
def trajectory(request, tmp_path_factory):
    """(name, onnx file, initial state, per step: inputs, fp32 result, fp64 result), once per net for every chip."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    single = nets.build(name)
    nets.export(single, folder / "model.onnx", BATCH[name], nets.OPSETS.get(name, 13))
    double = copy.deepcopy(single).double()
    single_optimizer, double_optimizer = nets.optimizer_of(single), nets.optimizer_of(double)
    # Exporting traces the net once, which moves the running statistics in the file: every step is given its state.
    initial = {n: t.numpy().copy() for n, t in single.state_dict().items() if not n.endswith("num_batches_tracked")}
    steps, seed = [], 0
    for _ in range(STEPS):
        while True:
            seed += 1
            assert seed < SEEDS, f"no input with a margin of {MARGIN} among {SEEDS} seeds"
            generator = torch.Generator().manual_seed(seed)
            x = torch.randn(BATCH[name], *single.image, generator=generator)
            labels = torch.randint(0, 10, (BATCH[name],), generator=generator)
            if nets.margin(single, double, x) > MARGIN:
                break
        steps.append(
            (
                x,
                labels,
                nets.step(single, single_optimizer, x, labels),
                nets.step(double, double_optimizer, x.double(), labels),
            )
        )
    return name, folder / "model.onnx", initial, steps


@pytest.mark.parametrize("chip", CHIPS, ids=["tiny", "edge", "datacentre", "rect12x20"])
def test_three_steps(trajectory, chip, tmp_path, capsys):
    name, model, carried, steps = trajectory
    program = compile_step(model, chip, BATCH[name], tmp_path / "step.arsis")
    verdict = tool("arsis-verify", program, "--chip", chip).stdout.strip()  # accepted, instances, time
    kept = tensors_of(program, "parameter", "state")
    rows, failures = [], []
    for number, (x, labels, single, double) in enumerate(steps):
        inputs = {"x": x.numpy(), "labels": labels.numpy(), **carried}
        outputs, _ = simulate(program, chip, inputs, tmp_path, "--check=exact")
        carried = {k: v for k, v in outputs.items() if k in kept}
        missing = set(double) - set(outputs)
        assert not missing, f"the chip did not produce {sorted(missing)}"
        for tensor, truth in double.items():
            norm = truth.norm().item()
            ours = (torch.from_numpy(outputs[tensor]).double().reshape(truth.shape) - truth).norm().item()
            theirs = (single[tensor].double() - truth).norm().item()
            allowed = max(FACTOR * theirs, FLOOR * norm)
            rows.append(
                f"{number} {tensor:40s} |x|={norm:10.4e} chip={ours:9.3e} torch32={theirs:9.3e} "
                f"of allowed {ours / max(allowed, 1e-300):6.3f}"
            )
            if not ours <= allowed:
                failures.append(rows[-1])
    with capsys.disabled():
        worst = sorted(rows, key=lambda r: float(r.rsplit(None, 1)[1]))[-3:]
        print(f"\n{name} on {chip}: {len(rows)} tensors, nearest to the limit:\n  " + "\n  ".join([*worst, verdict]))
    print("\n".join(rows))  # the whole table: `pytest -s`, and on failure
    assert not failures, "\n".join(failures)
