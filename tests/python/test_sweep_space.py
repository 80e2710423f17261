# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The language of spaces: what each form means, and one clear error for what means nothing."""

import itertools

import arsis
import numpy as np
import pytest
from arsis.sweeps import Space, SpaceError
from arsis.sweeps.expression import Expression, ExpressionError
from arsis.sweeps.read_space import read_space

BASE = {"model": "lenet5", "chip": "edge"}


def column(space: dict, name: str) -> list:
    return [point[name] for point in Space(BASE | space).points()]


@pytest.mark.parametrize(
    "given,values",
    [
        (16, [16]),
        ([8, 16], [8, 16]),
        (range(8, 33, 8), [8, 16, 24, 32]),
        (np.array([8, 16]), [8, 16]),
        ({"range": [8, 32], "step": 8}, [8, 16, 24, 32]),
        ({"range": [0.1, 0.5], "step": 0.1}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"range": [8, 31], "step": 8}, [8, 16, 24]),
        ({"range": [32, 8], "step": -12}, [32, 20, 8]),
        ({"range": [1, 2], "count": 5}, [1, 1.25, 1.5, 1.75, 2]),
        ({"log": [64, 512], "factor": 2}, [64, 128, 256, 512]),
        ({"log": [1000, 1], "factor": 0.1}, [1000, 100, 10, 1]),
        ({"log": [1, 1000], "count": 4}, [1, 10, 100, 1000]),
        ({"log": [1, 2], "count": 3}, [1, 1.41421356237, 2]),
    ],
)
def test_values(given: object, values: list) -> None:
    found = column({"scratchpad.kib": given}, "scratchpad.kib")
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]  # whole numbers stay whole


def test_the_first_parameter_varies_slowest() -> None:
    space = Space({"batch": [1, 2], **BASE, "matrix.rows": [4, 8], "precision": ["fp32", "bf16"]})
    found = [(point["batch"], point["matrix.rows"], point["precision"]) for point in space.points()]
    assert found == list(itertools.product([1, 2], [4, 8], ["fp32", "bf16"]))


def test_linked_parameters_variables_and_constraints() -> None:
    given = {
        "let": {"size": [4, 8, 16], "half": "=size / 2"},
        "matrix.rows": "=size",
        "matrix.cols": "=max(half, 4)",
        "batch": [1, 2],
        "constraints": ["matrix.rows * batch <= 16", "scratchpad.kib == 256 and chip in ('edge', 'tiny')"],
    }
    points = list(Space(BASE | given).points())
    assert [(p["matrix.rows"], p["matrix.cols"], p["batch"]) for p in points] == [
        (4, 4, 1), (4, 4, 2), (8, 4, 1), (8, 4, 2), (16, 8, 1),
    ]  # fmt: skip
    assert Space(BASE | given).varied() == ["size", "batch", "half", "matrix.rows", "matrix.cols"]


def test_energies_that_a_chip_leaves_out_are_those_of_their_functions() -> None:
    """Its static power is the sum over its parts, DRAM excluded."""
    edge = arsis.Chip("edge")
    space = {"model": "lenet5", "chip": "edge", "let": {"leak": "=energy.static_mw", "read": "=energy.spm_read_pj"}}
    parts = [part.nominal for name, part in edge.static_power.items() if not name.startswith("dram_")]
    assert len(parts) == 5 and column(space, "leak") == [pytest.approx(sum(parts))]
    assert column(space, "read") == [pytest.approx(edge.energies["energy.spm_read_pj"].nominal)]
    given = space | {"energy.static_mw": [5, 7]}
    assert column(given, "leak") == column(given, "energy.static_mw") == [5, 7]


def energies(chip: str, **values: object) -> tuple[float, float]:
    """pJ of a read of the scratchpad, and mW that the chip draws all the time."""
    found = arsis.Chip(chip, values)
    parts = [part.nominal for name, part in found.static_power.items() if not name.startswith("dram_")]
    return found.energies["energy.spm_read_pj"].nominal, sum(parts)


def test_energies_that_a_chip_leaves_out_follow_the_other_keys_of_the_point() -> None:
    """Also where those are linked, and stand behind what reads the energies."""
    given = {
        "chip": ["edge", "large"],
        "chips": {"large": {"base": "edge", "scratchpad.kib": 1024}},
        "let": {"read": "=energy.spm_read_pj", "leak": "=energy.static_mw", "size": [8, 16]},
        "technology.voltage_v": [0.8, 0.9],
        "matrix.rows": "=size",
    }
    points = list(Space(BASE | given).points())
    expected = [
        energies("edge", **{"scratchpad.kib": kib, "technology.voltage_v": voltage, "matrix.rows": rows})
        for kib in (arsis.Chip("edge")["scratchpad.kib"], 1024)
        for rows in (8, 16)
        for voltage in (0.8, 0.9)
    ]
    assert len(set(expected)) == 8
    assert [(point["read"], point["leak"]) for point in points] == [pytest.approx(each) for each in expected]
    assert {"read", "leak"} < set(Space(BASE | given).varied())
    limited = given | {"constraints": f"energy.static_mw <= {sorted(leak for _, leak in expected)[3] + 1e-6}"}
    assert len(list(Space(BASE | limited).points())) == 4


def test_an_energy_of_a_chip_that_is_none_is_said() -> None:
    space = BASE | {"matrix.rows": [16, 0], "constraints": "energy.static_mw < 1e9"}
    with pytest.raises(SpaceError, match=r"energy.static_mw: there is none, .*matrix.rows"):
        list(Space(space).points())


def test_named_chips_and_cases() -> None:
    given = {
        "chip": ["small", "edge"],
        "chips": {"small": {"base": "edge", "matrix.rows": 8}},
        "cases": {"slow": {"dram.bandwidth_gbps": 6.4, "batch": 1}, "fast": {"dram.bandwidth_gbps": 25.6, "batch": 2}},
        "constraints": "matrix.rows * batch < 32",
    }
    space = Space(BASE | given)
    found = [(p["chip"], p["case"], p["batch"], p["dram.bandwidth_gbps"]) for p in space.points()]
    assert found == [("small", "slow", 1, 6.4), ("small", "fast", 2, 25.6), ("edge", "slow", 1, 6.4)]
    assert space.varied() == ["chip", "case", "dram.bandwidth_gbps", "batch"]


@pytest.mark.parametrize(
    "space,place,remedy",
    [
        ({"matrix.rowz": 8}, "matrix.rowz", "did you mean 'matrix.rows'?"),
        ({"precison": "fp32"}, "precison", "did you mean 'precision'?"),
        ({"size": [1]}, "size", "a name of your own belongs under let"),
        ({"let": {"batch": [1]}}, "let: batch", "expected a name of letters that is no parameter"),
        ({"let": {"a b": [1]}}, "let: a b", "expected a name of letters that is no parameter"),
        ({"batch": []}, "batch", "has no values"),
        ({"batch": [1, 1]}, "batch", "has the value 1 twice"),
        ({"batch": [0]}, "batch", "expected whole numbers from 1"),
        ({"batch": True}, "batch", "expected whole numbers from 1"),
        ({"random_weights": [3, -1]}, "random_weights", "found -1, expected whole numbers from 0"),
        ({"random_weights": "some"}, "random_weights", "found 'some', expected whole numbers from 0"),
        ({"batch": {"range": [1, 8]}}, "batch", "{range: [FIRST, LAST], step: S}"),
        ({"batch": {"range": [1, 8], "step": 0}}, "batch", "found step 0 from 1 to 8"),
        ({"batch": {"range": [1, 8], "step": -1}}, "batch", "found step -1 from 1 to 8"),
        ({"batch": {"range": [1, 1e9], "step": 1}}, "batch", "expected at most 100000"),
        ({"batch": {"range": 8, "step": 1}}, "batch", "expected [FIRST, LAST], two numbers"),
        ({"batch": {"log": [0, 8], "factor": 2}}, "batch", "positive numbers"),
        ({"batch": {"log": [1, 8], "factor": 0.5}}, "batch", "positive numbers"),
        ({"batch": {"log": [1, 8], "count": 1}}, "batch", "expected a whole number from 2"),
        ({"matrix.rows": ["many"]}, "matrix.rows", "expected numbers"),
        ({"matrix.rows": [float("nan")]}, "matrix.rows", "expected finite numbers"),
        ({"matrix.rows": [None]}, "matrix.rows", "found None"),
        ({"matrix.rows": "=matrix.colz"}, "matrix.rows", "did you mean 'matrix.cols'?"),
        ({"matrix.rows": "=matrix.cols", "matrix.cols": "=matrix.rows"}, "matrix.rows", "without a circle"),
        ({"matrix.rows": "=energy.mac_f32_pj"}, "matrix.rows", "an energy that is no parameter is read of the chip"),
        ({"matrix.rows": "=1 / 0"}, "matrix.rows", "'1 / 0' cannot be computed: division by zero"),
        ({"matrix.rows": "=(1, 2)"}, "matrix.rows", "expected one value"),
        ({"matrix.rows": "='8'"}, "matrix.rows", "expected numbers"),
        ({"constraints": "batch <"}, "constraints", "'batch <' is no expression"),
        ({"constraints": "nothing > 1"}, "constraints", "reads nothing, which is no parameter"),
        ({"constraints": "matrix.rows > 99"}, "constraints", "hold for no point"),
        ({"batch": [0 + 1], "constraints": "batch // (batch - 1) > 0"}, "constraints", "by zero where batch = 1"),
        ({"constraints": [3]}, "constraints", "expected a text or a list of texts"),
        ({"hold": "dramm.*"}, "hold", "'dramm.*' matches no key of a chip"),
        ({"chip": "edgy"}, "chip", "unknown chip 'edgy', expected one of"),
        ({"chip": 3}, "chip", "expected the name of a chip or the path of its file"),
        ({"chips": {"a": {"matrix.rows": 8}}}, "chips: a", "has no base"),
        ({"chips": {"a": {"base": "edge", "matrix.row": 8}}}, "chips: a", "did you mean 'matrix.rows'?"),
        ({"chips": {"a": {"base": "edge", "matrix.rows": "x"}}}, "chips: a", "expected a number"),
        ({"cases": []}, "cases", "expected a list of points"),
        ({"cases": [{"batch": 1}, {"matrix.rows": 8}]}, "cases: 2", "expected what the first gives: batch"),
        ({"batch": 1, "cases": [{"batch": 1}]}, "cases", "batch is a parameter of its own too"),
        ({"model": "nowhere.onnx"}, "model", "nowhere.onnx: no such file"),
        ({"measures": {"edp": 3}}, "measures: edp", "expected the text of an expression"),
        ({f"dims.d{i}": list(range(1, 99)) for i in range(4)}, "the space", "more than 10,000,000 points"),
    ],
)
def test_wrong_spaces(space: dict, place: str, remedy: str) -> None:
    with pytest.raises(SpaceError) as error:
        list(Space(BASE | space).points())
    message = str(error.value)
    assert message.startswith(f"space: {place}") and remedy in message and "\n" not in message
    assert not message.endswith(".")


@pytest.mark.parametrize("missing", ["model", "chip"])
def test_model_and_chip_are_needed(missing: str) -> None:
    with pytest.raises(SpaceError, match=f"has no {missing}, expected one"):
        Space({name: value for name, value in BASE.items() if name != missing})


@pytest.mark.parametrize(
    "text,value",
    [
        ("1 + 2 * 3 - 4 / 2 // 1 % 3", 5.0),
        ("2 ** 10 == 1024 and not 1 > 2", True),
        ("1 < 2 < 3 <= 3 != 4", True),
        ("min(3, 1) + max(1, 2) + abs(-1) + ceil(0.5) + floor(1.5) + round(2.4)", 8),
        ("sqrt(16) + log2(8)", 7.0),
        ("'a' if 1 in (1, 2) else 'b'", "a"),
        ("a.b.c + 1", 42),
        ("0 > 1 or 2 not in [1]", True),
    ],
)
def test_expressions(text: str, value: object) -> None:
    assert Expression(text)({"a.b.c": 41}.__getitem__) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__",
        "[x for x in (1,)]",
        "lambda: 1",
        "f'{1}'",
        "(1).real",
        "a[0]",
        "open('x')",
        "min(*[1])",
        "min(1, key=2)",
        "b'1'",
        "1j",
        "{1: 2}",
        "x := 1",
        "",
        "1" + " + 1" * 1000,
        "-" * 900 + "1" + ")" * 2,
    ],
)
def test_expressions_that_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)


@pytest.mark.parametrize("text", ["2 ** 65", "'a' * 3", "'a' + 1", "log2(0)", "1 % 0", "'a' < 1", "(-8) ** 0.5 < 1"])
def test_expressions_that_cannot_be_computed(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)({}.__getitem__)


def test_yaml_is_the_same_space(tmp_path) -> None:
    (tmp_path / "chip.yaml").write_text("not read")
    path = tmp_path / "space.yaml"
    path.write_text("model: lenet5\nchip: edge\nbatch: [1, 2]\nmatrix.rows: {range: [8, 16], step: 8}\n")
    same = Space(BASE | {"batch": [1, 2], "matrix.rows": {"range": [8, 16], "step": 8}})
    assert list(read_space(path).points()) == list(same.points())


@pytest.mark.parametrize(
    "text,problem",
    [
        ("model: lenet5\nchip: edge\nbatch: 1\nbatch: 2\n", "space.yaml:4: found batch twice"),
        ("model: [", "space.yaml:1: "),
        ("- 1\n", "the space: found [1], expected names with values"),
        ("model: !!python/object:os.system x\n", "space.yaml:1: "),
        ("", "the space: found None"),
    ],
)
def test_wrong_yaml(text: str, problem: str, tmp_path) -> None:
    (tmp_path / "space.yaml").write_text(text)
    with pytest.raises(SpaceError) as error:
        read_space(tmp_path / "space.yaml")
    assert problem in str(error.value) and "\n" not in str(error.value)


def test_paths_in_yaml_begin_at_its_folder(tmp_path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"")
    (tmp_path / "space.yaml").write_text("model: m.onnx\nchip: edge\n")
    assert next(read_space(tmp_path / "space.yaml").points())["model"] == str(tmp_path / "m.onnx")
