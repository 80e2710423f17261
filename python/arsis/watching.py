# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `arsis train` does while it trains: files that are complete at any time, and a bar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import _arsis
from tqdm import tqdm

from arsis import report
from arsis.checkpoint import Keeper
from arsis.training import Callback, Training


@dataclass
class Saver(Callback):
    """Writes the report after the first step, and everything after every epoch."""

    keeper: Keeper
    json: Path
    page: Path
    weights: Path
    model: Path

    def on_step(self, training: Training) -> None:
        if training.step == 1 and training.steps_per_epoch > 1:
            self._write_report(training)

    def on_epoch(self, training: Training) -> None:
        values = training.weights()
        _arsis.write_tensors(self.weights, values)
        _arsis.write_file(self.model, self.keeper.trained_model(values))
        self._write_report(training)

    def _write_report(self, training: Training) -> None:
        so_far = training.report()
        so_far.save(self.json)
        report.write_page(so_far.content, self.page)


class Progress(Callback):
    """A bar on a terminal, a line per epoch elsewhere."""

    def __init__(self, steps: int) -> None:
        self.bar = tqdm(total=steps, unit="step", dynamic_ncols=True, disable=None)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def on_step(self, training: Training) -> None:
        history = training.history
        text = f"loss {history.loss_chip[-1]:.3f}"
        if history.accuracy_chip:
            text += f", test {history.accuracy_chip[-1]:.1%}"
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(1)
        if self.bar.disable and training.step % training.steps_per_epoch == 0:
            print(f"epoch {training.epoch}: {text}", flush=True)
