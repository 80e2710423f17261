# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What docs/validation.md claims, as far as seconds go; `make validate` does all of it."""

import kernels
import pytest
import validation_page as page
from bands import LAUNCH_US, Point, errors, groups, read_simulated
from kernels import Kernel

TEXT = page.PAGE.read_text()


def test_kernels_of_tpu_v3_are_near_and_the_page_says_so():
    """GEMM and convolution within 10 % each, 8 % in the mean, nothing fitted; all rows stand on the page."""
    section = page.tpu_v3_section()
    assert section.strip() in TEXT, "run: make validate"
    found = []
    for kernel in kernels.tpu_v3():
        if kernel.scored:
            found.append(kernels.run(kernel, page.CORE, "fp32", page.ONE_PASS).cycles / kernel.measured - 1)
    assert len(found) == 3 and max(map(abs, found)) <= 0.10 and sum(map(abs, found)) / 3 <= 0.08


def test_dram_points_are_those_of_the_page():
    assert page.dram_section().strip() in TEXT, "run: make validate"


@pytest.mark.parametrize("number", [0, 57, 133, 210])
def test_a_gemm_of_tpu_v4_moves_its_operands_once_at_least(number):
    kernel = [kernel for kernel in kernels.tpu_v4() if kernel.op == "gemm"][number]
    m, n, k = kernel.shape
    point, report = page.measure(kernel), kernels.run(kernel, "tpu_v4", "bf16")
    assert point.simulated == pytest.approx(report.totals.time_ns * 1e-3)
    assert report["totals"]["macs"] == m * n * k
    assert report["totals"]["dram_read_bytes"] + report["totals"]["dram_write_bytes"] >= 2 * (m * k + k * n + m * n)
    floor = m * n * k / (8 * 128 * 128) / 1050e6
    assert report.totals.time_ns * 1e-9 > floor


def test_every_operation_has_a_model_or_a_reason():
    rows = kernels.tpu_v4()
    assert len(rows) == 439
    for op in dict.fromkeys(kernel.op for kernel in rows):
        small = min((kernel for kernel in rows if kernel.op == op), key=lambda kernel: kernel.measured)
        point = page.measure(small)
        assert (point.simulated is None) == bool(point.why) and (f"{op}" in TEXT)
    with pytest.raises(ValueError, match="found the kernel fft"):
        kernels.model(Kernel("fft 8", "fft", (8,), 1.0))


def test_the_table_of_tpu_v4_is_that_of_the_times_that_are_kept():
    """The page's table, worked out again from tpu_v4_simulated.csv."""
    assert page.tpu_v4_section(*read_simulated(kernels.tpu_v4())).strip() in TEXT, "run: make validate"


def test_times_that_are_kept_are_those_of_a_run_today():
    """Of every operation the quickest kernel and of GEMMs one of each band; of one GEMM the padded time too."""
    points, padded = read_simulated(kernels.tpu_v4())
    chosen = [min(band, key=lambda point: point.kernel.measured) for name, band in groups(points)[3:]]
    assert {point.kernel.op for point in chosen} == {kernel.op for kernel in kernels.tpu_v4()}
    for point in chosen:
        found = page.measure(point.kernel)
        assert found.why == point.why, point.kernel.name
        if point.simulated is not None:
            assert found.simulated == pytest.approx(point.simulated, abs=6e-5), (
                f"{point.kernel.name}: run make validate"
            )
    assert page.measure_padded(chosen[0].kernel).simulated == pytest.approx(
        padded[chosen[0].kernel.name].simulated, abs=6e-5
    )


def test_further_products_are_of_no_score_and_within_the_readings():
    """Eight of them, in cycles, each on the page with its errors; none is scored."""
    rows = kernels.tpu_v3_matmuls()
    assert len(rows) == 8 and not any(kernel.scored for kernel in rows)
    assert rows[0].shape == (4096, 320, 320) and rows[0].measured == pytest.approx(92.8 * 940)
    for kernel in rows:
        cycles = page.reading(kernel, "bf16", False)
        assert f"{cycles:,} ({page.percent(cycles / kernel.measured - 1)})" in TEXT
    assert page.reading(rows[0], "bf16", True) is None  # the accumulators hold no 4,096 rows of three tiles


@pytest.mark.parametrize("error,told", [(0.1, "10 %: met"), (-0.1, "10 %: met"), (-0.101, "10 %: missed")])
def test_targets_are_met_or_missed(error, told):
    assert page.verdict(error, 0.1) == told


def test_padding_is_to_whole_tiles(monkeypatch):
    asked = []
    monkeypatch.setattr(page, "measure", lambda kernel: asked.append(kernel.shape) or Point(kernel, 2.0))
    found = page.measure_padded(Kernel("g", "gemm", (9, 129, 128), 4.0))
    assert asked == [(16, 256, 128)] and found.error() == -0.5


def test_a_staged_gemm_waits_for_both_operands():
    kernel = kernels.tpu_v3()[0]
    report = kernels.run(kernel, page.CORE, "bf16", {}, kernels.staged(kernel, page.CORE, "bf16", {}))
    matrix = next(unit for unit in report["units"] if unit["name"] == "matrix0")
    moved = 2 * 2 * 256 * 256 / page.BYTES_PER_CYCLE
    assert matrix["stalled"]["wait_load"] > moved


def test_errors_of_bands():
    """Bias, mean absolute and range of two points, by hand; what has no result counts nowhere."""
    gemm, add = Kernel("g", "gemm", (600, 700, 800), 10.0), Kernel("a", "add", (8, 8, 8), 20.0)
    points = [Point(gemm, 9.0), Point(add, 24.0), Point(Kernel("s", "select", (1, 1, 1), 5.0), None, "why")]
    found = errors(points)
    assert (found.count, found.least, found.most) == (2, pytest.approx(-0.1), pytest.approx(0.2))
    assert (found.bias, found.mean_absolute) == (pytest.approx(0.05), pytest.approx(0.15))
    assert errors(points[:1], LAUNCH_US).bias == pytest.approx(0.007)
    named = {name: [point.kernel.name for point in chosen] for name, chosen in groups(points)}
    assert named["GEMM, every dimension over 512"] == ["g"] and named["elementwise, over 10 us"] == ["a"]
    assert named["GEMM, smallest dimension 512 to 1023"] == ["g"] and errors(points[2:]) is None
