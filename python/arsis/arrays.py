# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the package calls an array, and JSON."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Json: TypeAlias = dict[str, Any]
