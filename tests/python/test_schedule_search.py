# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The search for a layer's schedules: it finds what was taken away from it, what it returns makes the step that it
says, and no schedule changes what is computed."""

import arsis
import numpy as np
import pytest
from arsis import schedule_search

TRAINING = {"batch": 4, "train": True, "optimizer": "sgd,lr=0.1"}
KEY = "conv2/bwd-weight/conv2d_grad_weight"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def chosen(lenet):
    return arsis.schedules(lenet, "edge", **TRAINING)


@pytest.fixture(scope="module")
def spoilt(chosen):
    """All that the compiler chose, but a bad tile for one operation."""
    return chosen.with_(KEY, chosen[KEY].with_(**{"tiles.c": 1, "tiles.oh": 1}))


@pytest.fixture(scope="module")
def found(lenet, spoilt):
    return arsis.search_schedule(
        lenet, "edge", layer="conv2", phase="bwd-weight", op="conv2d*", evaluations=12, schedules=spoilt, **TRAINING
    )


def test_it_repairs_a_bad_schedule(lenet, chosen, found):
    default = arsis.simulate(arsis.compile(lenet, "edge", **TRAINING), "edge").cycles
    assert found.keys == [KEY] and 2 <= len(found.trials) <= 12
    assert found.trials[0].step_cycles == found.cycles_before > default * 1.02
    assert found.cycles <= default * 1.001  # as good as the compiler's own
    assert found.cycles == min(trial.step_cycles for trial in found.trials)


def test_what_it_returns_makes_the_step_that_it_says(lenet, found, chosen):
    program = arsis.compile(lenet, "edge", schedules=found.schedules, **TRAINING)
    report = arsis.simulate(program, "edge")
    assert report.cycles == found.cycles
    best = min(found.trials, key=lambda trial: trial.step_cycles)
    assert report.at("conv2", phase="bwd-weight").cycles == best.layer_cycles
    assert found.schedules[KEY] == best.schedule and list(found.best) == [KEY]
    assert {key for key in chosen if found.schedules[key].as_json() != chosen[key].as_json()} <= {KEY}


def test_trials_are_different_programs_with_their_estimate(lenet, spoilt, found):
    assert len({(t.schedule.loops, tuple(t.schedule.fields.items())) for t in found.trials}) == len(found.trials)
    for trial in found.trials[1:3]:
        held = arsis.schedules(lenet, "edge", schedules=spoilt.with_(KEY, trial.schedule), **TRAINING)
        assert held[KEY].estimate.cycles == trial.schedule.estimate.cycles


def test_the_same_again(lenet, spoilt, found):
    again = arsis.search_schedule(
        lenet, "edge", layer="conv2", phase="bwd-weight", op="conv2d*", evaluations=12, schedules=spoilt, **TRAINING
    )
    assert again.trials == found.trials and again.schedules == found.schedules


def test_values_follow_the_plan(lenet, found):
    """The step that was found computes what the reference computes by the same plan, bit for bit."""
    program = arsis.compile(lenet, "edge", schedules=found.schedules, **TRAINING)
    session, reference = arsis.Session(program, "edge"), arsis.Reference(program)
    images = np.random.default_rng(0).normal(size=(4, 1, 28, 28)).astype(np.float32)
    for side in (session, reference):
        side.write("x", images)
        side.write("labels", [3, 1, 4, 1])
    session.run()
    reference.run("exact")
    assert (session.read("conv2.weight") == reference.read("conv2.weight")).all()


def test_several_operations_share_the_evaluations(lenet):
    found = arsis.search_schedule(lenet, "tiny", layer="fc?", phase="fwd", evaluations=6, **TRAINING)
    assert found.keys == [f"fc{n}/fwd/matmul+bias_add{'+relu' * (n < 3)}" for n in (1, 2, 3)]
    assert [sum(trial.key == key for trial in found.trials) for key in found.keys] == [2, 2, 2]
    program = arsis.compile(lenet, "tiny", schedules=found.schedules, **TRAINING)
    assert arsis.simulate(program, "tiny").cycles == found.cycles <= found.cycles_before


def test_tables(found):
    frame = found.to_pandas()
    assert list(frame["step_cycles"]) == [trial.step_cycles for trial in found.trials]
    assert {"estimated_cycles", "layer_cycles", "strategy", "tiles.c"} <= set(frame.columns)
    text = str(found)
    assert f"{found.cycles_before:,} -> {found.cycles:,} cycles" in text and KEY in text
    assert sum("  * " in line for line in text.splitlines()) == 1


def test_neighbours_change_one_decision():
    schedule = arsis.Schedule("s", ("a", "b", "c"), {"tiles.k": 8, "slots.tiles": 2, "resident.w": 0})
    changed = [each for each in schedule_search._changed(schedule) if len(each.fields) == 3]
    differing = [
        [name for name in schedule.fields if each.fields[name] != schedule.fields[name]]
        + ["loops"] * (each.loops != schedule.loops)
        for each in changed
    ]
    assert all(len(names) == 1 for names in differing)
    assert [each.fields["tiles.k"] for each in changed if each.fields["tiles.k"] != 8] == [4, 7, 9, 16]
    assert {each.loops for each in changed} == {("a", "b", "c"), ("b", "a", "c"), ("a", "c", "b")}


@pytest.mark.parametrize(
    "arguments,problem",
    [
        ({"layer": "conv9"}, "layer: found no operation that matches 'conv9/*/*', expected one of layers as conv1"),
        ({"layer": "conv2", "phase": "backward"}, "'conv2/backward/*'"),
        ({"layer": "conv2", "evaluations": 0}, "evaluations: found 0, expected a whole number from 1"),
    ],
)
def test_wrong_questions(lenet, arguments, problem):
    with pytest.raises(arsis.InputError) as error:
        arsis.search_schedule(lenet, "edge", **arguments, **TRAINING)
    assert problem in str(error.value)
