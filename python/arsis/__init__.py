# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arsis: compile the training of a CNN for a systolic-array chip, run it on the simulated chip, and see what it costs.

>>> program = arsis.compile("lenet5", chip="edge", batch=8, train=True, optimizer="sgd,lr=0.02,momentum=0.9")
>>> session = arsis.Session(program, "edge")
>>> session.write("x", numpy.zeros((8, 1, 28, 28)).astype("float32"))  # the model's own layout (N, C, H, W)
>>> session.write("labels", [0, 1, 2, 3, 4, 5, 6, 7])
>>> report = session.run()                # one training step; totals, layers, units, energy, traffic
>>> report.at("conv*", phase="bwd-weight").cycles < report.cycles
True
>>> session.read("loss").shape, session.read("conv1.weight").shape
((), (6, 1, 5, 5))

What an argument `model` may be says `Model`, what a `chip` may be says `Chip`. Whatever Arsis refuses is an
`arsis.Error`, of a kind that says whose mistake it is. docs/guide_python.md is the guide.
"""

import os
from pathlib import Path

import numpy

if int(numpy.__version__.partition(".")[0]) > 1:  # the native module would read arrays of 2 as empty
    raise ImportError(f"arsis needs numpy below 2, found {numpy.__version__}: pip install 'numpy<2'")

_chips = Path(__file__).resolve().parent / "chips"  # a wheel carries the shipped chips
if _chips.is_dir():
    os.environ.setdefault("ARSIS_CHIP_PATH", str(_chips))

from _arsis import (  # noqa: E402
    ChipError,
    Error,
    FileError,
    Infeasible,
    InputError,
    ModelError,
    Program,
    ProgramError,
    Reference,
    chips,
    inlined_model,
    load_plugin,
    parameter_readers,
    parse_overrides,
    read_tensors,
    refuse_shared_files,
    step_reference,
    write_file,
    write_tensors,
)

from arsis import rooflines  # noqa: E402
from arsis.chip import Chip, Difference, Peak, Value  # noqa: E402
from arsis.comparing import compare  # noqa: E402
from arsis.comparison import Comparison  # noqa: E402
from arsis.compiling import compile, schedules  # noqa: E402
from arsis.exporter import from_torch  # noqa: E402
from arsis.models import Model  # noqa: E402
from arsis.run_report import Report  # noqa: E402
from arsis.schedule_search import ScheduleSearch, Trial, search_schedule  # noqa: E402
from arsis.scheduling import Estimate, Schedule, Schedules  # noqa: E402
from arsis.session import Finding, Place, Session, Verification, simulate, verify  # noqa: E402
from arsis.settings import History, Settings  # noqa: E402
from arsis.sweeps import search, sensitivity, sweep  # noqa: E402
from arsis.training import Callback, StopTraining, Training, train  # noqa: E402

__all__ = [
    "Callback",
    "Chip",
    "ChipError",
    "Comparison",
    "Difference",
    "Error",
    "Estimate",
    "FileError",
    "Finding",
    "History",
    "Infeasible",
    "InputError",
    "Model",
    "ModelError",
    "Peak",
    "Place",
    "Program",
    "ProgramError",
    "Reference",
    "Report",
    "Schedule",
    "ScheduleSearch",
    "Schedules",
    "Session",
    "Settings",
    "StopTraining",
    "Training",
    "Trial",
    "Value",
    "Verification",
    "chips",
    "compare",
    "compile",
    "from_torch",
    "inlined_model",
    "load_plugin",
    "parameter_readers",
    "parse_overrides",
    "read_tensors",
    "refuse_shared_files",
    "rooflines",
    "schedules",
    "search",
    "search_schedule",
    "sensitivity",
    "simulate",
    "step_reference",
    "sweep",
    "train",
    "verify",
    "write_file",
    "write_tensors",
]
__version__ = "0.1.0"
