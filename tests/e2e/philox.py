# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The masks of dropout, drawn here by Philox4x32-10, written in numpy."""

import numpy as np


def drawn(a, b, c, d) -> np.ndarray:
    """The vector function `random`: an odd multiple of 2^-24 from the bits of four arrays of fp32."""
    word = np.uint64(0xFFFFFFFF)
    bits = [np.asarray(each, np.float32).view(np.uint32).astype(np.uint64) for each in np.broadcast_arrays(a, b, c, d)]
    key = [0, 0]
    for _ in range(10):
        first, second = bits[0] * np.uint64(0xD2511F53), bits[2] * np.uint64(0xCD9E8D57)
        high = (
            (second >> np.uint64(32)) ^ bits[1] ^ np.uint64(key[0]),
            (first >> np.uint64(32)) ^ bits[3] ^ np.uint64(key[1]),
        )
        bits = [high[0], second & word, high[1], first & word]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return ((bits[0] >> np.uint64(9)) * np.uint64(2) + np.uint64(1)).astype(np.float64) / 2**24


def mask(shape, seed, step, layer, ratio) -> np.ndarray:
    """Which elements of a tensor, as it lies on the chip, the dropout number `layer` of a file keeps."""
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    keys = drawn(np.arange(rows, dtype=np.float32)[:, None], np.float32(seed), np.float32(step), np.float32(layer))
    chosen = drawn(
        np.arange(columns, dtype=np.float32)[None], keys.astype(np.float32), np.float32(step), np.float32(layer)
    )
    return (chosen > ratio).reshape(shape)
