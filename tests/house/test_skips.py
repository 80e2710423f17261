# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Under ARSIS_TEST a module of the e2e or compiler tests cannot skip itself unnoticed."""

import os
import shutil
import subprocess
import sys

import pytest
from house import ROOT

MODULE = 'import pytest\npytest.importorskip("a_module_that_is_missing")\n'


@pytest.mark.parametrize("folder,setting,expected", [("e2e", "1", 2), ("e2e", "", 5), ("python", "1", 5)])
def test_missing_module(folder: str, setting: str, expected: int, tmp_path) -> None:
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "test_sample.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(tmp_path), str(tmp_path)]
    run = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "ARSIS_TEST": setting}, capture_output=True, text=True
    )
    assert run.returncode == expected, run.stdout  # 2: an error of collection, 5: nothing was collected
    assert ("skipped although ARSIS_TEST is set" in run.stdout) == (expected == 2), run.stdout
