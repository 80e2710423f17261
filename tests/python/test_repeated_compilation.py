# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What compiles one model for many chips: the model read once, chips at a glance, runs priced again."""

from pathlib import Path

import _arsis
import arsis
import onnx
import pytest
from tiny_model import tiny_model

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx"))


@pytest.mark.parametrize("train", [True, False])
def test_a_model_read_once_compiles_to_the_same_bytes(model, train) -> None:
    """Also after as many compilations as its context lives for."""
    imported = _arsis.ImportedModel(model, train=train, batch=3)
    for number in range(20):
        chip, options = [("tiny", {"fuse": "none"}), ("edge", {})][number % 2]
        overrides = {"matrix.rows": str(2 + number)}
        program = imported.compile(chip, overrides=overrides, train=train, **options)
        assert bytes(program) == bytes(arsis.compile(model, chip, overrides=overrides, batch=3, train=train, **options))


def test_a_model_read_once_has_the_same_schedules(model) -> None:
    """Between compilations too, and with schedules that hold."""
    imported = _arsis.ImportedModel(model, train=True, batch=3)
    chosen, found = imported.schedules("edge", train=True)
    assert (chosen, found) == _arsis.schedules(model, "edge", batch=3, train=True)
    assert bytes(imported.compile("edge", train=True)) == bytes(arsis.compile(model, "edge", batch=3, train=True))
    held, found = imported.schedules("tiny", train=True, mapping_text=chosen)
    assert (held, found) == _arsis.schedules(model, "tiny", batch=3, train=True, mapping_text=chosen)
    with pytest.raises(arsis.InputError, match="was read for a training step, expected it to be read again"):
        imported.schedules("tiny")


def test_a_model_read_once_knows_what_is_frozen_and_random(tmp_path) -> None:
    proto = onnx.load(tiny_model(tmp_path / "m.onnx"))
    next(tensor for tensor in proto.graph.initializer if tensor.name == "w2").ClearField("raw_data")
    onnx.save(proto, tmp_path / "m.onnx")
    given = {"batch": 3, "freeze": ["*1"], "random_weights": 5}
    path = str(tmp_path / "m.onnx")
    program = _arsis.ImportedModel(path, train=True, **given).compile("tiny", train=True)
    assert bytes(program) == bytes(arsis.compile(path, "tiny", train=True, **given))
    assert program.options["freeze"] == "*1" and program.options["random-weights"] == "5"
    assert {t["name"] for t in program.tensors if t["role"] == "parameter"} == {"w2", "b2"}
    assert arsis.Session(program, "tiny").read("w2").any()


def test_a_compilation_that_fails_leaves_the_model_whole(model) -> None:
    imported = _arsis.ImportedModel(model, batch=3)
    with pytest.raises(arsis.InputError, match="precision"):
        imported.compile("tiny", precision="fp7")
    with pytest.raises(arsis.InputError, match="was read for its forward pass, expected it to be read again"):
        imported.compile("tiny", train=True)
    assert bytes(imported.compile("tiny")) == bytes(arsis.compile(model, "tiny", batch=3))


def test_a_model_that_cannot_be_read(tmp_path) -> None:
    with pytest.raises(arsis.FileError, match="nowhere.onnx"):
        _arsis.ImportedModel(str(tmp_path / "nowhere.onnx"))


def test_overrides_in_the_order_of_the_schema() -> None:
    assert _arsis.chip_overrides("edge", {"vector.lanes": "8", "matrix.rows": "8"}) == [
        "matrix.rows=8",
        "vector.lanes=8",
    ]
    with pytest.raises(arsis.ChipError, match="dram.bandwidth_gbps"):
        _arsis.chip_overrides("edge", {"dram.bandwidth_gbps": "0"})


def test_a_chip_that_changes_on_disk_is_read_again(tmp_path) -> None:
    chip, text = tmp_path / "c.yaml", (ROOT / "arch_configs/chips/edge.yaml").read_text()
    for rows in ("16", "32", "16"):
        chip.write_text(text.replace("rows: {value: 16", f"rows: {{value: {rows}"))
        assert arsis.Chip(chip)["matrix.rows"] == int(rows)


def test_a_run_is_priced_again(model) -> None:
    program = arsis.compile(model, "tiny", batch=3)
    session = arsis.Session(program, "tiny")
    session.run(mode="timing")
    dear = {"energy.dram_read_pj_per_byte": "99"}
    expected = arsis.Session(program, "tiny", dear).run(mode="timing")
    priced = session.price("tiny", overrides=dear)
    for report in (priced.content, expected.content):
        report["wall_clock_s"] = report["verification"]["wall_clock_s"] = 0
    assert priced.content == expected.content
    with pytest.raises(arsis.InputError, match="differs in more than its energies: matrix.rows = 4 for 8"):
        session.price("tiny", overrides={"matrix.rows": "4"})


def test_options_of_the_compiler() -> None:
    options = _arsis.compile_options()
    assert options["precision"].startswith("type of activations") and "chip" not in options and "to" not in options
