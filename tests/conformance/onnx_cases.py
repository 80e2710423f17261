# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The node tests that ONNX publishes: of Debian's libonnx-testdata (opsets to 17) and of PyPI's onnx (the newest)."""

from __future__ import annotations

import copy
import functools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

DEBIAN = Path("/usr/share/libonnx-testdata/data/node")
OLDEST_OPSET = 7
INITIALISERS_ALONE = 4  # the version of the format from which they need not be inputs, too


@dataclass
class Case:
    name: str
    model: onnx.ModelProto
    given: dict[str, object]  # of the graph's inputs; an array, or whatever else the case has
    wanted: list[object]  # of the graph's outputs
    operator: str = ""  # that the case is about

    @property
    def opset(self) -> int:
        return next((entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx")), 0)


def array(value: object) -> object:
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def read(path: Path, value: onnx.ValueInfoProto) -> object:
    """Of a file; what is no tensor has no array and stays out of scope."""
    if value.type.WhichOneof("value") != "tensor_type":
        return None
    found = numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))
    if value.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16 and found.dtype == np.uint16:
        return (found.astype(np.uint32) << 16).view(np.float32)
    return found


def of_debian() -> Iterator[Case]:
    for folder in sorted(DEBIAN.iterdir()):
        model = onnx.load(str(folder / "model.onnx"))
        data, graph = folder / "test_data_set_0", model.graph
        inputs = {v.name: read(data / f"input_{n}.pb", v) for n, v in enumerate(graph.input)}
        yield Case(folder.name, model, inputs, [read(data / f"output_{n}.pb", v) for n, v in enumerate(graph.output)])


def of_package() -> Iterator[Case]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases()
    for case in sorted(cases, key=lambda case: case.name):
        if case.model is None or not case.data_sets:
            continue
        inputs, outputs = (list(map(array, values)) for values in case.data_sets[0])
        names = [value.name for value in case.model.graph.input]
        yield Case(case.name, case.model, dict(zip(names, inputs, strict=False)), outputs)


def named(cases: list[Case]) -> list[Case]:
    """Says of each case which operator it is about: that of its node, or, of a function written out as nodes, that of
    the function."""
    of = {case.name: case.model.graph.node[0].op_type for case in cases if len(case.model.graph.node) == 1}
    for case in cases:
        base = re.sub(r"_expanded.*", "", case.name)
        case.operator = of.get(case.name) or of.get(base) or ""
    return cases


@functools.cache
def published(source: str) -> list[Case]:
    """`debian` or `package`, of operators of the ONNX domain itself."""
    cases = named(list(of_debian() if source == "debian" else of_package()))
    return [case for case in cases if case.opset]


def with_constants(case: Case, kinds: str = "ib") -> onnx.ModelProto:
    """The case with what it gives as an input and models have as a constant, as an initialiser: vectors of whole
    numbers and truth values (axes, shapes), and single floats but the first input (bounds, exponents, ratios). So do
    inputs whose type numpy counts among `kinds`, floats of any rank. The case is declared for the oldest opset that is
    read where it is older, since its operators read the same."""
    model = copy.deepcopy(case.model)
    model.ir_version = max(model.ir_version, INITIALISERS_ALONE)
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = max(entry.version, OLDEST_OPSET)
    for number, value in enumerate(list(model.graph.input)):
        given = case.given.get(value.name)
        if not isinstance(given, np.ndarray):
            continue
        is_number = given.dtype.kind == "f" and given.ndim == 0 and number > 0
        if is_number or (given.dtype.kind in kinds and (given.ndim <= 1 or given.dtype.kind == "f")):
            model.graph.initializer.append(numpy_helper.from_array(given, value.name))
            model.graph.input.remove(value)
    return model
