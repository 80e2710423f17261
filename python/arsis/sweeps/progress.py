# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far a sweep is: a bar with rate, time left and failures, or nothing where standard error is no terminal."""

from __future__ import annotations

from types import TracebackType


class Progress:
    def __init__(self, total: int, done: int, show: bool | None) -> None:
        from tqdm import tqdm

        self._failed = 0
        disable = None if show is None else not show
        self._bar = tqdm(total=total, initial=done, unit="point", dynamic_ncols=True, disable=disable, smoothing=0.1)

    def failed(self, count: int) -> None:
        """Of those that were done before."""
        self._failed += count
        self._say()

    def _say(self) -> None:
        if self._failed:
            self._bar.set_postfix_str(f"{self._failed:,} failed", refresh=False)

    def add(self, ok: bool) -> None:
        self._failed += not ok
        self._say()
        self._bar.update(1)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
