# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random graphs through compiler, verifier and machine, in one process; `run.py` shrinks what fails here."""

import pytest

pytest.importorskip("arsis", reason="needs the native module _arsis on PYTHONPATH")
pytest.importorskip("torch", reason="the independent check needs Debian's python3-torch")

import graph_shrinker  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from graph_check import check, differs, names_the_place, norm_of  # noqa: E402
from graph_grower import graph  # noqa: E402
from mutants import MUTANTS  # noqa: E402

GRAPHS, BATCH = 2000, 100


@pytest.mark.parametrize("first", range(0, GRAPHS, BATCH))
def test_graphs(first):
    refused = []
    for seed in range(first, first + BATCH):
        verdict = check(graph(seed))
        assert not verdict.failed, f"seed {seed}: {verdict.kind}: {verdict.message}"
        refused += [verdict.message] * (verdict.kind == "refused")
    assert len(refused) <= BATCH // 5, refused
    assert all(map(names_the_place, refused)), refused


@pytest.mark.parametrize("seed", [3287, 3975])
def test_little_that_a_difference_leaves_is_held_against_what_it_was_taken_of(seed):
    """A mean's 1/45 in fp32, and a gradient next to nothing beside the others."""
    assert not check(graph(seed)).failed


def test_a_gradient_of_zeros_is_none_however_small_it_is():
    truth = torch.full((4,), 1e-8, dtype=torch.float64)
    assert differs(np.zeros(4), truth, largest=norm_of(truth))
    assert not differs(truth.numpy(), truth, largest=norm_of(truth))


def test_a_graph_depends_on_its_number_only():
    first, other = graph(7), graph(7)
    assert first.model.SerializeToString() == other.model.SerializeToString() and first.options == other.options
    assert first.model.SerializeToString() != graph(8).model.SerializeToString()


@pytest.mark.parametrize("number", range(len(MUTANTS)))
def test_the_mistakes_that_are_tried_by_hand_still_have_their_place(number):
    assert MUTANTS[number].text()


@pytest.mark.parametrize("operator", ["Tanh", "Conv"])
def test_what_fails_is_shrunk_to_what_makes_it_fail(operator):
    """As if every graph with the operator failed."""

    def fails(made) -> bool:
        return any(node.op_type == operator for node in made.model.graph.node)

    seed = next(s for s in range(1000) if fails(graph(s)) and graph_shrinker.size(graph(s)) > 5)
    small = graph_shrinker.shrink(graph(seed), fails)
    assert graph_shrinker.size(small) == 1 and small.options["fuse"] == "none" and small.chip == "tiny"
    assert not check(small).failed
