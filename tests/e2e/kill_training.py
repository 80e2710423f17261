# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kills trainings at random moments and reads every file they left. Usage: kill_training.py FOLDER KILLS

Prints how many were killed, which is less only if many were done before their moment; the first broken file is an
exception.
"""

import contextlib
import io
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
import arsis.__main__ as command_line  # noqa: E402
import arsis.report  # noqa: E402, F401
import arsis.training  # noqa: E402, F401
import jinja2  # noqa: E402, F401
import tqdm  # noqa: E402, F401
from tiny_model import tiny_data, tiny_model  # noqa: E402

FILES = {"report.json", "report.html", "weights.npz", "model.onnx"}
HIDDEN, EPOCHS = 4096, 3


def check(out: Path, hidden: bool) -> None:
    """`hidden`: a kill may have left what it was writing, under one hidden name for each file."""
    may = {f".{name}.0.partial" for name in FILES} if hidden else set()
    assert {path.name for path in out.iterdir()} - may == FILES
    with np.load(out / "weights.npz") as weights:
        assert weights["w1"].shape == (4, HIDDEN) and all(np.isfinite(weights[name]).all() for name in weights.files)
    onnx.checker.check_model(onnx.load(out / "model.onnx"))
    assert json.loads((out / "report.json").read_text())["training"]["steps"] > 0
    assert (out / "report.html").read_text().rstrip().endswith("</html>")


def child() -> int:
    """A training in a process of its own; returns its number."""
    number = os.fork()
    if number == 0:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
            status = command_line.main()
        if status:
            os.write(2, errors.getvalue().encode())
        os._exit(status)
    return number


def main() -> None:
    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    model, data = tiny_model(folder / "m.onnx", HIDDEN), tiny_data(folder / "d.npz")
    out = folder / "out"
    options = {"--model": model, "--data": data, "--chip": "tiny", "--batch": 5, "--epochs": EPOCHS, "--out": out}
    options |= {"--reference": "off", "--timing": "first"}
    sys.argv = ["arsis", "train", *(str(part) for option in options.items() for part in option)]
    begin = time.perf_counter()
    assert os.waitpid(child(), 0)[1] == 0
    whole = time.perf_counter() - begin
    check(out, hidden=False)
    moments, killed, done = random.Random(2), 0, 0
    while killed < kills and done < 4 * kills:
        number = child()
        wait = whole * moments.uniform(0.2, 1)
        time.sleep(wait)
        os.kill(number, signal.SIGKILL)
        if os.waitpid(number, 0)[1] == signal.SIGKILL:
            killed += 1
        else:  # it was quicker than the first
            whole, done = wait, done + 1
        check(out, hidden=True)
    assert os.waitpid(child(), 0)[1] == 0
    check(out, hidden=False)
    print(killed)


if __name__ == "__main__":
    main()
