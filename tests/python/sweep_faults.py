# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What can go wrong in a worker, as a measure of a sweep: the batch of a point chooses."""

import ctypes
import os
import time


def fault(point: dict, report: dict) -> dict:
    match point["batch"]:
        case 2:
            ctypes.string_at(0)
        case 3:
            os.abort()
        case 4:
            time.sleep(1000)
        case 5:
            held = []
            while True:
                held.append(bytearray(b"x" * 2**22))
                time.sleep(0.002)
        case 6:
            raise KeyError("no such thing")
        case 7:
            os._exit(5)
        case 8:
            return None
        case 10:
            return {"cycles": 1}
        case 11:
            return {"matrix.rows": 1}
        case 12:
            return {"list": [1]}
    return {"cycles_per_image": report["totals"]["cycles"] / point["batch"]}


def slow(point: dict, report: dict) -> dict:
    """Takes long enough for a kill to find points in flight."""
    time.sleep(0.05)
    return {}


def count(point: dict, report: dict) -> dict:
    """Leaves a trace of each point that is computed."""
    with open(os.environ["ARSIS_TEST_TRACE"], "a") as file:
        file.write(f"{point['batch']}\n")
    return {}
