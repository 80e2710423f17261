# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""More of a resource never makes a training step slower, compiled and run again: every tenth step of the ladders
(`tests/long/monotone.py` climbs all of them)."""

import warnings

import monotone
import pytest

arsis = pytest.importorskip("arsis", reason="needs the native module")
from arsis import models  # noqa: E402


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {net: models.model_path(net, tmp_path_factory.mktemp(net)) for net in monotone.NETS}


@pytest.mark.parametrize("step", monotone.steps()[::10], ids=str)
def test_more_is_never_slower(step, files, tmp_path):
    less, more = (
        monotone.cycles(files[step.net], step.chip, step.key, value, tmp_path) for value in (step.less, step.more)
    )
    assert more is not None or less is None
    if less is not None:
        assert more <= monotone.allowed(step, less) * less, (less, more)
