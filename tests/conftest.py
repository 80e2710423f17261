# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`make test` sets ARSIS_TEST and installs everything: a test left out because something is missing then fails."""

import os
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
# Folders whose modules skip themselves where torch, onnx, the native module or the ONNX test data is missing.
COMPLETE = [TESTS / "e2e", TESTS / "compiler"]


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """Turns the skip of a whole module into an error; a skip of one case, which knows its reason, stays."""
    report = (yield).get_result()
    path = getattr(collector, "path", None)
    if not os.environ.get("ARSIS_TEST") or report.outcome != "skipped" or path is None:
        return
    if any(folder in path.parents for folder in COMPLETE):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{path}: skipped although ARSIS_TEST is set: {reason}"
