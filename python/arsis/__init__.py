# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arsis: compile the training of a CNN for a systolic-array chip, run it on the simulated chip, and see what it costs.

>>> program = arsis.compile("lenet5.onnx", chip="edge", batch=32, train=True, optimizer="sgd,lr=0.02,momentum=0.9")
>>> session = arsis.Session(program, "edge")
>>> session.write("x", images)            # float32, the model's own layout (N, C, H, W)
>>> session.write("labels", labels)       # int32 or int64, (N,)
>>> report = session.run()                # one training step; totals, layers, units, energy, traffic
>>> session.read("loss"), session.read("conv1.weight")

`Session([first, second], chip)` runs `first` with `run()` and `second` with `run(program=1)`; parameters, state and
gradients of one name are one tensor, so that `compile(..., phase="gradients")` and `phase="update"` make one step.
`Reference(program)` has the same write, run and read and computes on the CPU.
`write_file` and `write_tensors` write files that are complete or not there at all.
"""

import os
from pathlib import Path

_chips = Path(__file__).resolve().parent / "chips"  # a wheel carries the shipped chips
if _chips.is_dir():
    os.environ.setdefault("ARSIS_CHIP_PATH", str(_chips))

from _arsis import (  # noqa: E402
    Error,
    ImportedModel,
    Program,
    Reference,
    Session,
    chip_overrides,
    chip_value,
    chip_values,
    chips,
    compile,
    compile_options,
    load_plugin,
    parameter_readers,
    parse_overrides,
    read_tensors,
    refuse_shared_files,
    step_reference,
    write_file,
    write_tensors,
)

from arsis.sweeps import search, sensitivity, sweep  # noqa: E402  # needs the names above

__all__ = [
    "Error",
    "ImportedModel",
    "Program",
    "Reference",
    "Session",
    "chip_overrides",
    "chip_value",
    "chip_values",
    "chips",
    "compile",
    "compile_options",
    "load_plugin",
    "parameter_readers",
    "parse_overrides",
    "read_tensors",
    "refuse_shared_files",
    "search",
    "sensitivity",
    "step_reference",
    "sweep",
    "write_file",
    "write_tensors",
]
__version__ = "0.1.0"
