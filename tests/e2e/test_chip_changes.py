# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a change of the chip does to a compiled model, against closed forms; and that the books of a report balance.

The DRAM time of a layer's row is `dram_cycles`: the cycles in which its requests hold the channels. A row is
memory-bound by the share that this time has in its span. When a share s of a time is halved and the rest stays,
1 - s/2 remains: 0.50 to 0.55 for s >= 0.9.
"""

import itertools
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from arsis_tools import BURSTS, ROOT, compile_step, tool

sys.path.insert(0, str(ROOT / "models"))
from onnx_builder import Builder  # noqa: E402

SHIPPED = ["tiny", "edge", "datacentre"]
BATCH = 32
MEMORY_BOUND = 0.9
# Wide enough at either bandwidth that neither the bus nor the bytes in flight over the latency (Little's law) are the
# bound: twice the bandwidth is 51.2 B/cycle on tiny and 25.6 on edge. Then the DRAM alone is.
WIDE = ["--set", "dma.bus_bytes_per_cycle=64", "--set", "dma.outstanding_requests=4096"]
ONLY_BURSTS = [f"--set={key}={value}" for key, value in BURSTS.items()]  # so that the bandwidth alone decides
# So fast that data is never waited for once it is asked for.
IDEAL = ["--set", "dram.bandwidth_gbps=100000", *ONLY_BURSTS, *WIDE]


def timed(program: Path, chip: str | Path, folder: Path, *more: str) -> dict:
    report = folder / "report.json"
    tool("arsis-sim", program, "--chip", chip, "--timing-only", "--report", report, *more)
    return json.loads(report.read_text())


def chip_with(chip: str, values: dict[str, float], path: Path) -> tuple[Path, dict[str, float]]:
    """A chip file like a shipped one, some values multiplied; returns it and the values before. Keys are dotted."""
    text, before = (ROOT / f"arch_configs/chips/{chip}.yaml").read_text(), {}
    for key, factor in values.items():
        section, name = key.split(".")
        pattern = re.compile(rf"(^{section}:\n(?:  .*\n)*?  {name}: {{value: )([0-9.]+)", re.MULTILINE)
        before[key] = float(pattern.search(text).group(2))
        text = pattern.sub(lambda match, factor=factor: f"{match.group(1)}{float(match.group(2)) * factor:g}", text)
    path.write_text(text)
    return path, before


def share(row: dict) -> float:
    return row["dram_cycles"] / row["span_cycles"] if row["span_cycles"] else 0.0


@pytest.fixture(scope="module")
def lenet(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("lenet5") / "lenet5.onnx"
    subprocess.run([sys.executable, str(ROOT / "models/lenet5/build.py"), "-o", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def programs(lenet, tmp_path_factory) -> dict[str, Path]:
    """LeNet-5's training step for every shipped chip."""
    folder = tmp_path_factory.mktemp("programs")
    return {chip: compile_step(lenet, chip, BATCH, folder / f"{chip}.arsis") for chip in SHIPPED}


# Twice the bandwidth


@pytest.fixture(scope="module", params=["tiny", "edge"])
def pairs(request, lenet, tmp_path_factory) -> tuple[str, dict]:
    """(chip, row by name: the row and the same at twice the bandwidth) for the rows that are memory-bound."""
    folder, chip = tmp_path_factory.mktemp("bandwidth"), request.param
    faster, _ = chip_with(chip, {"dram.bandwidth_gbps": 2}, folder / "faster.yaml")
    program = compile_step(
        lenet, chip, BATCH, folder / "wide.arsis", *WIDE, *ONLY_BURSTS
    )  # scheduled for what it runs on
    once, twice = (timed(program, file, folder, *WIDE, *ONLY_BURSTS)["layers"] for file in (chip, faster))
    return chip, {
        (a["layer"], a["phase"], a["op"]): (a, b) for a, b in zip(once, twice, strict=True) if share(a) >= MEMORY_BOUND
    }


def test_lenet5_has_memory_bound_rows(pairs):
    """The gradients of ReLUs."""
    assert {("relu1", "bwd-input"), ("relu2", "bwd-input")} <= {(layer, phase) for layer, phase, _ in pairs[1]}


def test_twice_the_bandwidth_halves_the_dram_time(pairs):
    """A hundredth below one half is left: a row's last writes may go out in one run while another row runs."""
    ratios = {name: b["dram_cycles"] / a["dram_cycles"] for name, (a, b) in pairs[1].items()}
    assert ratios and all(0.49 <= ratio <= 0.55 for ratio in ratios.values()), ratios


@pytest.mark.parametrize("pairs", ["edge"], indirect=True)
def test_twice_the_bandwidth_halves_the_time_of_vector_rows(pairs):
    """A product takes over as the bound of its row, turned operands as that of flatten; edge's vector unit is quick.
    A row's last writes may go out while the next one runs."""
    ratios = {
        name: b["span_cycles"] / a["span_cycles"]
        for name, (a, b) in pairs[1].items()
        if 0 < a["busy"].get("vector0", 0) <= 0.2 * a["span_cycles"] and a["macs"] == 0
    }
    assert len(ratios) >= 5 and all(0.499 <= ratio <= 0.55 for ratio in ratios.values()), ratios


def test_a_memory_bound_row_says_so(pairs):
    assert {a["bound_by"] for a, _ in pairs[1].values()} == {"dram"}


def test_a_wider_bus_never_slows_a_step(programs, tmp_path):
    cycles = [
        timed(programs["edge"], "edge", tmp_path, "--set", f"dma.bus_bytes_per_cycle={width}")["totals"]["cycles"]
        for width in (8, 16, 64, 8192)
    ]
    assert all(wider <= 1.002 * narrower for narrower, wider in zip(cycles, cycles[1:], strict=False)), cycles


# Twice the array


@pytest.fixture(scope="module", params=[1, 2], ids=["array", "twice the array"])
def array(request, tmp_path_factory) -> tuple[Path, int]:
    """(chip file, edge length of its array): edge, and edge with rows and columns doubled."""
    path = tmp_path_factory.mktemp("chip") / "edge.yaml"
    factors = {"matrix.rows": request.param, "matrix.cols": request.param}
    path, before = chip_with("edge", factors, path)
    return path, int(before["matrix.rows"]) * request.param


def layer_alone(layers, image: tuple[int, ...], chip: Path, batch: int, folder: Path) -> dict:
    """The matrix unit of the forward pass of one layer when data is always there. `layers` adds it to a builder."""
    net = Builder("layer", image, 1)
    net.initialisers.clear()
    output = layers(net)
    net.node("Flatten", "flatten", [output], ["logits"], axis=1)
    net.save(folder / "layer.onnx", "classes")
    tool("arsis-compile", folder / "layer.onnx", "--chip", chip, "--batch", batch, "-o", folder / "layer.arsis")
    report = timed(folder / "layer.arsis", chip, folder, *IDEAL)
    return next(unit for unit in report["units"] if unit["name"] == "matrix0")


@pytest.mark.parametrize("m,k,n", [(64, 96, 80), (8, 96, 80), (100, 50, 33), (1, 7, 5)])
def test_a_matrix_product_streams_m_rows_per_fold(array, m, k, n, tmp_path):
    """ceil(K/R) * ceil(N/C) folds of M rows each."""
    chip, edge = array
    matrix = layer_alone(lambda net: net.linear("x", "fc", k, n), (k,), chip, m, tmp_path)
    assert matrix["busy"] == math.ceil(k / edge) * math.ceil(n / edge) * m


@pytest.mark.parametrize("inputs,outputs,kernel,size,batch", [(32, 48, 1, 10, 2), (64, 40, 3, 8, 1)])
def test_a_convolution_streams_its_pixels_per_fold(array, inputs, outputs, kernel, size, batch, tmp_path):
    """Channels that fill the array's rows: kernel^2 * ceil(C/R) * ceil(N/C) folds of one row per output pixel."""
    chip, edge = array
    matrix = layer_alone(
        lambda net: net.conv("x", "conv", inputs, outputs, kernel, pad=kernel // 2, bias=False),
        (inputs, size, size),
        chip,
        batch,
        tmp_path,
    )
    folds = kernel**2 * math.ceil(inputs / edge) * math.ceil(outputs / edge)
    assert matrix["busy"] == folds * batch * size**2


FOLDS = """arsis 1
dram 65536
tensor x input f32 [1, 1, {m}, {k}] at 0
tensor w parameter f32 [1, 1, {k}, 8] at 32768
counter c0 load 0

stream load 0
  load tensor=x, coordinate=[0, 0, 0, 0], \
      box=[1, 1, {m}, {k}], local=0, localStride=[0, 0, {k}, 1], localType=f32, fill=0
  load tensor=w, coordinate=[0, 0, 0, 0], \
      box=[1, 1, {k}, 8], local=32768, localStride=[0, 0, 8, 1], localType=f32, fill=0 increment(c0)

stream matrix 0
  loop {folds}
    load_weights bank=i0, source=32768 + {block}*i0, \
      kCount=[1, 1, {edge}], kStride=[0, 0, 8], nCount=8, nStride=1, type=f32 after(c0 >= 1)
    multiply bank=i0, source={step}*i0, \
      mCount=[1, 1, {m}], mStride=[0, 0, {k}], \
      kCount=[1, 1, {edge}], kStride=[0, 0, 1], type=f32, acc=0, accStride=[0, 0, 1], accumulate=i0
  end_loop
"""


@pytest.mark.parametrize("m", [4, 16, 24, 32, 64])
def test_a_reload_hides_behind_a_product_that_is_long_enough(array, m, tmp_path):
    """n folds of M rows, operands in place: R + (n - 1) * max(M, R) + M cycles from first weight to last row."""
    chip, edge = array
    k, program = 96, tmp_path / "folds.arsis.s"
    folds = k // edge
    program.write_text(FOLDS.format(m=m, k=k, folds=folds, edge=edge, block=4 * 8 * edge, step=4 * edge))
    matrix = timed(program, chip, tmp_path)["units"][1]
    assert matrix["busy"] + matrix["stalled"]["weight_load"] == edge + (folds - 1) * max(m, edge) + m


def streamed_rows(program: Path) -> int:
    """Rows that all matrix streams feed, counted in the disassembly: every loop is run, every extent evaluated."""
    rows, loops = 0, []
    for line in tool("arsis-as", "disasm", program).stdout.split("\ninitial ")[0].splitlines():
        mnemonic, *rest = line.split() or [""]
        if mnemonic == "loop":
            loops.append(range(int(rest[0])))
        elif mnemonic == "end_loop":
            loops.pop()
        elif mnemonic == "multiply":
            extents = [
                compile(re.search(rf"{name}=(\[[^\]]*\])", line).group(1), line, "eval")
                for name in ("mCount", "kCount")
            ]
            for indices in itertools.product(*loops):
                names = {f"i{depth}": index for depth, index in enumerate(indices)} | {"min": min}
                m, k = (math.prod(max(0, extent) for extent in eval(code, names)) for code in extents)
                rows += m if k > 0 else 0
    return rows


def test_every_product_of_a_training_step_streams_its_rows(array, lenet, tmp_path):
    chip, _ = array
    program = compile_step(lenet, chip, BATCH, tmp_path / "step.arsis")
    report = timed(program, chip, tmp_path)
    assert sum(unit["busy"] for unit in report["units"] if unit["kind"] == "matrix") == streamed_rows(program)


def test_twice_the_array_quarters_the_folds_of_a_full_product(lenet, tmp_path):
    """fc1 forward is 32 x 400 x 120: 25 x 8 folds of 32 rows on 16 x 16, 13 x 4 on 32 x 32."""
    busy, product = [], ("fc1", "fwd", "nn.matmul+bias_add+relu")
    for factor in (1, 2):
        chip, _ = chip_with("edge", {"matrix.rows": factor, "matrix.cols": factor}, tmp_path / "chip.yaml")
        report = timed(compile_step(lenet, chip, BATCH, tmp_path / "step.arsis"), chip, tmp_path)
        rows = [row for row in report["layers"] if (row["layer"], row["phase"], row["op"]) == product]
        busy += [row["busy"]["matrix0"] for row in rows]
    assert busy == [25 * 8 * BATCH, 13 * 4 * BATCH]


# Passes


def test_every_pass_takes_the_array_as_long_as_the_first(programs, tmp_path):
    once, six = (timed(programs["edge"], "edge", tmp_path, "--set", f"matrix.fp32_passes={n}") for n in (1, 6))
    for a, b in zip(once["units"], six["units"], strict=True):
        assert b["busy"] == (6 if a["kind"] == "matrix" else 1) * a["busy"] or a["kind"] in ("load", "store"), a["name"]
    assert six["totals"]["macs"] == once["totals"]["macs"]
    assert six["totals"]["cycles"] > once["totals"]["cycles"]
    assert once["hypothetical"] == [] and len(six["hypothetical"]) == 1


def test_a_type_that_the_arrays_lack_is_refused(lenet, programs, tmp_path):
    lacking, missed = ["--set", "matrix.fp32_passes=0"], "matrix.fp32_passes >= 1, found 0"
    done = tool("arsis-sim", programs["edge"], "--chip", "edge", "--timing-only", *lacking, check=False)
    assert done.returncode == 1 and done.stderr.count("error:") == 1 and missed in done.stderr, done
    compiled = tmp_path / "step.arsis"
    done = tool("arsis-compile", lenet, "--chip", "edge", "--batch", BATCH, *lacking, "-o", compiled, check=False)
    layers = [line for line in done.stderr.splitlines() if "error:" in line]  # each that multiplies, by its name
    assert done.returncode == 1 and len(layers) == 5 and all("matrix.fp32_passes is 0" in line for line in layers), done
    assert not compiled.exists()


# Half the energy of a DRAM byte


@pytest.mark.parametrize("chip", SHIPPED)
def test_half_the_energy_of_a_dram_byte_takes_its_share_off(programs, chip, tmp_path):
    halved = {f"energy.dram_{side}_pj_per_byte": 0.5 for side in ("read", "write")}
    _, before = chip_with(chip, halved, tmp_path / "halved.yaml")
    options = [option for key in halved for option in ("--set", f"{key}={before[key] / 2}")]
    full, half = (timed(programs[chip], chip, tmp_path, *more)["totals"] for more in ([], options))
    share = sum(
        before[f"energy.dram_{side}_pj_per_byte"] / 2 * full[f"dram_{side}_bytes"] for side in ("read", "write")
    )
    assert full["energy_pj"] - half["energy_pj"] == pytest.approx(share, rel=1e-9)
    assert full["cycles"] == half["cycles"]


# The books


@pytest.fixture(scope="module", params=SHIPPED)
def report(request, programs, tmp_path_factory) -> dict:
    return timed(programs[request.param], request.param, tmp_path_factory.mktemp("report"))


def test_the_report_follows_its_schema(report):
    jsonschema.validate(report, json.loads((ROOT / "reports/schema/report.schema.json").read_text()))


def test_busy_stalled_and_idle_make_the_total(report):
    for unit in report["units"]:
        assert (
            unit["busy"] + sum(unit["stalled"].values()) + unit["idle"] == unit["total"] == report["totals"]["cycles"]
        ), unit["name"]


@pytest.mark.parametrize("parts", ["layers", "phases"])
def test_the_rows_make_the_totals(report, parts):
    counted = set(report["totals"]) & set(report[parts][0]) - {"energy_pj", "utilisation"}
    assert counted >= {
        "cycles",
        "macs",
        "instructions",
        "dram_read_bytes",
        "dram_write_bytes",
        "spm_read_bytes",
        "acc_write_bytes",
    }
    for key in counted:
        assert sum(row[key] for row in report[parts]) == report["totals"][key], key


def test_energies_make_the_total(report):
    total = report["totals"]["energy_pj"]
    assert sum(row["energy_pj"] for row in report["layers"]) == pytest.approx(total, rel=1e-12)
    assert sum(sum(row["energy"].values()) for row in report["layers"]) == pytest.approx(total, rel=1e-12)
    assert sum(component["pj"] for component in report["energy"].values()) == pytest.approx(total, rel=1e-12)


def test_an_energy_is_its_events_times_its_coefficient(report):
    for name, component in report["energy"].items():
        assert component["pj"] == pytest.approx(component["events"] * component["coefficient"], rel=1e-9), name


def test_the_busy_cycles_of_the_rows_make_those_of_the_unit(report):
    for unit in report["units"]:
        assert sum(row["busy"].get(unit["name"], 0) for row in report["layers"]) == unit["busy"], unit["name"]


def test_bytes_that_leave_a_level_enter_the_next(report):
    dram, spm, acc = (report["traffic"][level] for level in ("dram", "scratchpad", "accumulators"))
    assert dram["payload_out"] + spm["fill_in"] == spm["in_by_unit"]["load"]
    assert dram["payload_in"] == spm["out_by_unit"]["store"]
    assert acc["out_by_unit"]["drain"] == spm["in_by_unit"]["drain"]
    # Every row of a sum is written once per fold and read once: by the next fold, or by the drain.
    assert acc["in"] == acc["out"]


def test_a_level_is_the_sum_of_its_users(report):
    for level in ("scratchpad", "accumulators"):
        for way in ("in", "out"):
            assert sum(report["traffic"][level][f"{way}_by_unit"].values()) == report["traffic"][level][way], (
                level,
                way,
            )


def test_bursts_hold_at_least_their_payload(report):
    dram = report["traffic"]["dram"]
    assert dram["out"] == dram["payload_out"] + dram["overfetch_out"] == report["totals"]["dram_read_bytes"]
    assert dram["in"] == dram["payload_in"] + dram["overfetch_in"] == report["totals"]["dram_write_bytes"]
    assert dram["overfetch_in"] >= 0 and dram["overfetch_out"] >= 0


def test_no_row_moves_bytes_faster_than_the_dram(report):
    """A row's last writes may go out while the next one runs: at most what the queues of all channels hold."""
    assert sum(row["dram_cycles"] for row in report["layers"]) <= report["totals"]["cycles"]
    queues = math.prod(report["chip"]["values"][f"dram.{key}"] for key in ("write_queue", "burst_bytes", "channels"))
    later = queues / report["roofline"]["dram_bytes_per_cycle"]
    for row in report["layers"]:
        ideal = (row["dram_read_bytes"] + row["dram_write_bytes"]) / report["roofline"]["dram_bytes_per_cycle"]
        assert math.floor(ideal) <= row["dram_cycles"] <= row["span_cycles"] + later, (row["layer"], row["phase"])


def test_no_row_multiplies_faster_than_the_array(report):
    for row in report["layers"]:
        peak = (
            report["chip"]["rows"]
            * report["chip"]["columns"]
            * sum(c for u, c in row["busy"].items() if u.startswith("matrix"))
        )
        assert row["macs"] * report["chip"]["multiplies"]["f32"] <= peak, (row["layer"], row["phase"])


def test_fp32_is_hypothetical_where_it_is_emulated(report):
    core = "datacentre multiplies f32 in 6 passes of bf16; values here are those of true f32"
    assert report["hypothetical"] == ([core] if report["chip"]["name"] == "datacentre" else [])
