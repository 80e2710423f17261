# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The fixture of the importer's tests."""

from pathlib import Path

import pytest
from onnx_files import Importer


@pytest.fixture
def importer(tmp_path: Path) -> Importer:
    return Importer(tmp_path)
