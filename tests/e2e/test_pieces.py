# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Slices, pads, concatenations and splits between all stored types, on the machine, bit for bit against the oracle: a
value that is filled in is rounded once, to the type of the result."""

import itertools

import numpy as np
import pytest
from arsis_tools import simulate, tool

ROUNDING = {"f32": 0, "bf16": 2.0**-8, "f16": 2.0**-11}  # by at most so much of a number that is not tiny


def module(source: str, result: str) -> str:
    def image(channels: int, element: str) -> str:
        return f"tensor<2x5x3x{channels}x{element}>"

    x, y, padded = image(7, source), image(7, result), f"tensor<2x6x3x7x{result}>"
    left, right, cut = image(2, source), image(5, source), f"tensor<2x2x3x4x{result}>"
    wide = "tensor<2x5x3x7xf32>"
    return f"""
func.func @forward(%x: {wide} {{nn.name = "x"}}) -> ({wide} {{nn.name = "joined"}}, tensor<2x6x3x7xf32>
    {{nn.name = "padded"}}, tensor<2x2x3x4xf32> {{nn.name = "cut"}}) {{
  %c = nn.cast %x : ({wide}) -> {x}
  %p:2 = nn.split %c along 3 : ({x}) -> ({left}, {right})
  %j = nn.concat %p#0, %p#1 along 3 : ({left}, {right}) -> {y}
  %q = nn.pad %c behind [0, 1, 0, 0] of 0.1 : ({x}) -> {padded}
  %s = nn.slice %c from [0, 2, 0, 3] : ({x}) -> {cut}
  %0 = nn.cast %j : ({y}) -> {wide}
  %1 = nn.cast %q : ({padded}) -> tensor<2x6x3x7xf32>
  %2 = nn.cast %s : ({cut}) -> tensor<2x2x3x4xf32>
  return %0, %1, %2 : {wide}, tensor<2x6x3x7xf32>, tensor<2x2x3x4xf32>
}}
"""


@pytest.mark.parametrize("source,result", list(itertools.product(ROUNDING, ROUNDING)))
def test_between_all_types(source, result, tmp_path):
    (tmp_path / "net.mlir").write_text(module(source, result))
    program = tmp_path / "net.arsis"
    tool("arsis-compile", tmp_path / "net.mlir", "--chip", "tiny", "-o", program)
    x = np.random.default_rng(6).standard_normal((2, 5, 3, 7)).astype(np.float32)
    outputs, _ = simulate(program, "tiny", {"x": x}, tmp_path, "--check=exact")
    assert outputs["joined"].shape == x.shape
    tolerance = 1.01 * (ROUNDING[source] + ROUNDING[result])
    np.testing.assert_allclose(outputs["joined"], x, rtol=tolerance)
    np.testing.assert_allclose(outputs["padded"][:, 1:], x, rtol=tolerance)
    np.testing.assert_allclose(outputs["padded"][:, 0], np.float32(0.1), rtol=tolerance)
    np.testing.assert_allclose(outputs["cut"], x[:, 2:4, :, 3:], rtol=tolerance)
