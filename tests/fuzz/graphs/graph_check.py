# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A graph through compiler, verifier and machine: every tensor that the host can read has the bits of the oracle, and
in fp64 loss, gradients, statistics and outputs are PyTorch's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import arsis
import graph_truth
import numpy as np
import torch
from graph_grower import Graph
from torch.nn import functional

TOLERANCE = 1e-6  # of the norm, in fp64; factors of the loss are rounded to fp32
FLOOR = 1e-7  # of values around one: so are factors such as 1/45 of a mean, of which a difference may leave little
SHARE = 1e-5  # of the largest norm of the tensor's kind in the graph, which the floor does not exceed
ZERO = 1e-10  # of what is zero in exact arithmetic
LARGE = 1e12  # sums of such terms, which cancel, say nothing


NAMES_THE_PLACE = re.compile(
    r"node '\w+' \(|\w+ \((fwd|loss|bwd-input|bwd-weight|update)\): (no schedule|is a softmax)|expects a parameter"
)


def names_the_place(refusal: str) -> bool:
    """Whether a refusal says where in the model."""
    return NAMES_THE_PLACE.search(refusal) is not None


@dataclass
class Verdict:
    kind: str = (
        ""  # "bits", "values", "verifier"; "refused", of which no more is asked than its words; empty: it agrees
    )
    message: str = ""

    @property
    def failed(self) -> bool:
        return self.kind not in ("", "refused")


def keys_of(term: str) -> dict[str, str]:
    kind, *pairs = term.split(",")
    return {"kind": kind, **dict(pair.split("=") for pair in pairs)}


def draw_given(graph: Graph, tensors: list[dict]) -> dict[str, np.ndarray]:
    """Labels and targets, by what the loss says of them."""
    random, given = np.random.default_rng(1), {}
    shapes = {tensor["name"]: tuple(tensor["host_shape"]) for tensor in tensors}
    for term in map(keys_of, str(graph.options["loss"]).split("+")):
        name = term.get("labels") or term["targets"]
        if term["kind"] != "softmax-xent":
            given[name] = random.uniform(0, 1, shapes[name]).astype(np.float32)
            continue
        classes = next(
            value.type.tensor_type.shape.dim[1].dim_value
            for value in graph.model.graph.output
            if value.name == term["of"]
        )
        labels = random.integers(0, classes, shapes[name]).astype(np.int32)
        if "ignore-index" in term:
            labels[random.random(labels.shape) < 0.2] = int(term["ignore-index"])
        given[name] = labels
    return given


def loss_by_torch(graph: Graph, values: graph_truth.Values) -> torch.Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for term in map(keys_of, str(graph.options["loss"]).split("+")):
        y, given = values[term["of"]], torch.tensor(graph.given[term.get("labels") or term["targets"]])
        if term["kind"] == "mse":
            loss = functional.mse_loss(y, given.double())
        elif term["kind"] == "bce-with-logits":
            loss = functional.binary_cross_entropy_with_logits(y, given.double())
        else:
            weights = [float(w) for w in term["class-weights"].split(":")] if "class-weights" in term else None
            loss = functional.cross_entropy(
                y.reshape(*y.shape[:2], *given.shape[1:]),
                given.long(),
                None if weights is None else torch.tensor(weights, dtype=torch.float64),
                ignore_index=int(term.get("ignore-index", -100)),
                label_smoothing=float(term.get("label-smoothing", 0)),
            )
        total = total + float(term["weight"]) * loss
    return total


def norm_of(truth: torch.Tensor) -> float:
    return float(np.linalg.norm(truth.detach().numpy()))


def differs(found: np.ndarray, truth: torch.Tensor, largest: float) -> str:
    """Empty if the two agree. `largest`: norm of the tensors of its kind."""
    norm = norm_of(truth)
    if not np.isfinite(norm) or norm > LARGE:
        return ""
    error = np.linalg.norm(found - truth.detach().numpy().reshape(found.shape))
    if error <= TOLERANCE * norm + min(FLOOR, SHARE * largest) + ZERO:
        return ""
    return f"is off by {error:.3g}, its norm is {norm:.3g}, the largest of its kind {largest:.3g}"


def in_fp64(array: np.ndarray) -> np.ndarray:
    return array if array.dtype == np.int32 else array.astype(np.float64)


def write(program: arsis.Program, graph: Graph, to: Callable[[str, np.ndarray], None]) -> None:
    """Every input that the program has: what nothing reads is not there."""
    known = {tensor["name"] for tensor in program.tensors}
    for name, array in {**graph.inputs, **graph.given}.items():
        if name in known:
            to(name, array)


def against_torch(graph: Graph, program: arsis.Program) -> str:
    """The first tensor that is not PyTorch's."""
    reference, training = arsis.Reference(program), "loss" in graph.options
    write(program, graph, lambda name, array: reference.write(name, in_fp64(array)))
    reference.run("f64")
    values = graph_truth.evaluate(graph.model, graph.inputs, training)
    names = {value.name for value in graph.model.graph.output}
    outputs = {name: values[name] for name in names if name in values}
    gradients, states = {}, {}
    if training:
        loss = loss_by_torch(graph, values)
        if torch.isfinite(loss):
            loss.backward()
        outputs |= {"loss": loss}  # is taken of them
        gradients = {
            "grad:" + n: v.grad for n, v in values.items() if v.requires_grad and v.is_leaf and v.grad is not None
        }
        states = {n.removeprefix("next:"): v for n, v in values.items() if n.startswith("next:")}
    known = {tensor["name"] for tensor in program.tensors if tensor["role"] != "temporary"}
    for kind in (outputs, gradients, states):
        norms = [norm for norm in map(norm_of, kind.values()) if norm <= LARGE]
        for name, value in kind.items():
            if name in known and (problem := differs(reference.read(name), value, max(norms, default=0.0))):
                return f"{name} {problem}"
    return ""


def check(graph: Graph) -> Verdict:
    """Throws what is no arsis.Error."""
    chip = arsis.Chip(graph.chip, graph.overrides)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = arsis.compile(graph.model.SerializeToString(), chip, **graph.options)
    except arsis.Error as error:
        return Verdict("refused", str(error))
    if "loss" in graph.options:
        graph.given = draw_given(graph, program.tensors)
    verification = arsis.verify(program, chip)
    if not verification:
        return Verdict("verifier", verification.findings[0].message)
    session, reference = arsis.Session(program, chip), arsis.Reference(program)
    for place in (session, reference):
        write(program, graph, place.write)
    session.run("functional")
    reference.run("exact")
    roles = ("loss", "output", "gradient", "parameter", "state")
    for tensor in program.tensors:
        name = tensor["name"]
        if tensor["role"] in roles and session.read(name).tobytes() != reference.read(name).tobytes():
            return Verdict("bits", f"{name} differs between chip and oracle")
    if graph.options.get("precision") == "fp32" and (problem := against_torch(graph, program)):
        return Verdict("values", problem)
    return Verdict()
