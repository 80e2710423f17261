# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""arsis-dram: what it says of traces and patterns, and what it says to mistakes."""

import json
import subprocess

import pytest
from arsis_tools import BIN


def dram(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([BIN / "arsis-dram", *map(str, arguments)], capture_output=True, text=True)


def result(*arguments: object) -> dict:
    run = dram("run", "--json", *arguments)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_one_read_takes_its_latency(tmp_path) -> None:
    """tRCD + controller, interconnect, PHY + tCL + a burst of DDR4-3200, then the row is open."""
    trace = tmp_path / "trace.txt"
    trace.write_text("# two reads of a row\n0 R 0x1000 64\n1000 R 0x1000 64\n")
    fixed = 10 + 18 + 10 + 13.75 + 2.5
    found = result("--preset", "DDR4_3200", "--trace", trace)
    assert found["read_latency"]["most_ns"] == pytest.approx(13.75 + fixed)
    assert found["read_latency"]["median_ns"] == pytest.approx(fixed)
    assert (found["requests"], found["read_bytes"], found["openings"], found["row_hits"]) == (2, 128, 1, 0.5)


def test_bandwidth_is_bytes_over_time() -> None:
    for scheduler in ("in_order", "fr_fcfs"):
        found = result(
            "--chip", "edge", "--set", f"dram.scheduler={scheduler}", "--requests", 20000, "--read-share", 0.7
        )
        assert found["read_bytes"] + found["write_bytes"] == 20000 * 32
        assert found["achieved_gbps"] == pytest.approx(20000 * 32 / found["nanoseconds"])
        assert found["read_bytes"] / (20000 * 32) == pytest.approx(0.7, abs=0.02)
        assert 0.6 < found["share_of_peak"] < 1


def test_one_request_at_a_time_is_bound_by_latency() -> None:
    found = result("--preset", "HBM2_2000", "--pattern", "random", "--requests", 3000, "--outstanding", 1)
    assert found["achieved_gbps"] == pytest.approx(32 / found["read_latency"]["mean_ns"], rel=0.01)


def test_more_channels_are_more_bandwidth() -> None:
    one, four = (result("--preset", "HBM3_6400", "--set", f"dram.channels={n}", "--requests", 40000) for n in (1, 4))
    assert four["peak_gbps"] == 4 * one["peak_gbps"]
    assert four["achieved_gbps"] == pytest.approx(4 * one["achieved_gbps"], rel=0.05)


def test_presets_are_listed() -> None:
    assert {"DDR4_3200", "HBM3_6400"} <= set(dram("presets").stdout.split())


MISTAKES = [
    (["--chip", "edge", "--preset", "DDR4_3200"], "found both of --chip and --preset"),
    ([], "found neither of --chip and --preset"),
    (["--preset", "DDR9"], "unknown dram.preset 'DDR9', expected one of DDR3_1600, DDR4_2400"),
    (["--preset", "DDR4_3200", "--pattern", "zigzag"], "--pattern: found 'zigzag', expected sequential, copy"),
    (["--preset", "DDR4_3200", "--read-share", "1.5"], "--read-share: found '1.5', expected a number between 0 and 1"),
    (["--preset", "DDR4_3200", "--pattern", "strided"], "--stride: expected with --pattern=strided"),
    (["--preset", "DDR4_3200", "--stride", "64"], "--stride: expected with --pattern=strided"),
    (["--preset", "DDR4_3200", "--pattern", "copy", "--read-share", "0.2"], "found --read-share beside --pattern=copy"),
    (["--preset", "DDR4_3200", "--requests", "0"], "--requests: found '0', expected a whole number from 1"),
    (["--preset", "DDR4_3200", "--footprint-mib", "1", "--request-bytes", "1048577"], "--request-bytes: found"),
    (["--preset", "DDR4_3200", "--set", "dram.trefi_ns=0"], "value 0 of dram.trefi_ns is impossible"),
    (["--preset", "DDR4_3200", "--set", "dram.banks=12"], "dram.banks is 12, expected a power of two"),
    (["--preset", "DDR4_3200", "--set", "dram.tras_ns=1"], "dram.trcd_ns is 13.75, expected at most the 1 ns"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_a_mistake_is_one_error(arguments, message) -> None:
    run = dram("run", *arguments)
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.startswith("error: ") and message in run.stderr and run.stderr.count("\n") == 1


LINES = [
    ("R 0 64", "3 fields"),
    ("0 R 0 64 1", "5 fields"),
    ("zero R 0 64", "time 'zero'"),
    ("-1 R 0 64", "time '-1'"),
    ("nan R 0 64", "time 'nan'"),
    ("0 X 0 64", "found 'X', which is neither R nor W"),
    ("0 R 0x 64", "address '0x'"),
    ("0 R -64 64", "address '-64'"),
    ("0 R 0 0", "size '0'"),
    ("5 R 0 64\n4 R 0 64", "time '4' lies before"),
    ("# nothing", "found no request"),
]


@pytest.mark.parametrize(("line", "message"), LINES, ids=[line for line, _ in LINES])
def test_a_malformed_line_is_named(line, message, tmp_path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text(line + "\n")
    run = dram("run", "--preset", "DDR4_3200", "--trace", trace)
    assert run.returncode == 1
    where = f"trace.txt:{1 + line.count(chr(10))}: " if "#" not in line else "trace.txt: "
    assert where in run.stderr and message in run.stderr and "expected" in run.stderr, run.stderr
