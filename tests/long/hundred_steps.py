# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""torchvision's ResNet-18 and MobileNet-V2 take 100 steps on 32x32 images, batch 16, on the chip and in the reference:
in fp32 the two curves of losses, and all parameters and statistics at the end, are equal bit for bit, and the loss
falls. Part of `make check-long`.

    python tests/long/hundred_steps.py [--model NAME ...] [--steps N] [--chip NAME]
"""

import argparse
import sys
import time
import warnings

import arsis
import numpy as np
import torch
import torchvision

MODELS = {"resnet18": torchvision.models.resnet18, "mobilenet_v2": torchvision.models.mobilenet_v2}
BATCH, CLASSES, IMAGE, SET = 16, 10, (3, 32, 32), 64


def images() -> tuple[np.ndarray, np.ndarray]:
    """One random pattern per class, under noise."""
    random = np.random.default_rng(0)
    labels = np.arange(SET, dtype=np.int32) % CLASSES
    patterns = random.standard_normal((CLASSES, *IMAGE))
    return (patterns[labels] + 0.3 * random.standard_normal((SET, *IMAGE))).astype(np.float32), labels


def curves(name: str, steps: int, chip: str) -> tuple[list[float], list[float], int]:
    """The losses of both, and the number of tensors that differ at the end."""
    torch.manual_seed(0)
    net = MODELS[name](num_classes=CLASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = arsis.from_torch(net, torch.zeros(2, *IMAGE))
        program = arsis.compile(model, chip, batch=BATCH, train=True, optimizer="sgd,lr=0.01,momentum=0.9")
    session, reference = arsis.Session(program, chip), arsis.Reference(program)
    x, labels = images()
    losses: tuple[list[float], list[float]] = ([], [])
    for step in range(steps):
        chosen = np.arange(step * BATCH, (step + 1) * BATCH) % SET
        for place in (session, reference):
            place.write("x", x[chosen])
            place.write("labels", labels[chosen])
        session.run("functional")
        reference.run("exact")
        for place, found in zip((session, reference), losses, strict=True):
            found.append(float(place.read("loss")))
    kept = [tensor["name"] for tensor in program.tensors if tensor["role"] in ("parameter", "state")]
    return *losses, sum(session.read(t).tobytes() != reference.read(t).tobytes() for t in kept)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", action="append", choices=sorted(MODELS), help="default: all")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--chip", default="edge")
    options = parser.parse_args()
    bad = []
    for name in options.model or MODELS:
        began = time.perf_counter()
        chip, reference, different = curves(name, options.steps, options.chip)
        seconds = time.perf_counter() - began
        print(f"{name}: loss {chip[0]:.4f} to {chip[-1]:.4f} in {options.steps} steps, {seconds:.0f} s", flush=True)
        if chip != reference:
            first = next(i for i, (a, b) in enumerate(zip(chip, reference, strict=True)) if a != b)
            bad.append(f"{name}: the losses differ from step {first} on")
        if different:
            bad.append(f"{name}: {different} tensors differ after {options.steps} steps")
        if not chip[-1] < chip[0] / 2:
            bad.append(f"{name}: the loss has not fallen to half of what it was")
    print("\n".join(bad), file=sys.stderr)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
