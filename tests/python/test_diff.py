# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`arsis diff`: what moved between two reports adds up, names its reason, and is refused where it would mean
nothing."""

import copy
import json
import warnings

import arsis
import pytest
from arsis import diff, report
from browser import hover, marks, opened
from command_line import one_error
from tiny_model import tiny_model


def measured(model, batch=16, fuse="all", **overrides) -> dict:
    """A training step on `edge`, with other values under keys like dram__bandwidth_gbps."""
    values = {key.replace("__", "."): str(value) for key, value in overrides.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks
        program = arsis.compile(
            str(model), "edge", overrides=values, batch=batch, loss="softmax-xent", optimizer="sgd,lr=0.1", train=True,
            fuse=fuse,
        )  # fmt: skip
    return arsis.Session(program, "edge", values).run(mode="timing").content


@pytest.fixture(scope="module")
def slow(lenet) -> dict:
    return measured(lenet)


@pytest.fixture(scope="module")
def fast(lenet) -> dict:
    return measured(lenet, dram__bandwidth_gbps=25.6)


@pytest.fixture(scope="module")
def files(slow, fast, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    for name, made in (("slow", slow), ("fast", fast)):
        (folder / f"{name}.json").write_text(json.dumps(made))
    return folder / "slow.json", folder / "fast.json"


def test_rows_add_up_to_the_step(slow, fast):
    compared = diff.compare(slow, fast, ("a", "b"))
    by = fast["totals"]["cycles"] - slow["totals"]["cycles"]
    assert by < 0 and compared.cycles == by == sum(row.cycles for row in compared.rows)
    moved = [abs(row.cycles) for row in compared.rows]
    assert moved == sorted(moved, reverse=True)
    assert compared.chip == [("dram.bandwidth_gbps", "12.8", "25.6")] and compared.options == []


def test_accounts_of_rows_add_up_to_those_of_units(slow):
    for unit in slow["units"]:
        stalled: dict[str, int] = {}
        for row in slow["layers"]:
            for cause, cycles in row["stalled"].get(unit["name"], {}).items():
                stalled[cause] = stalled.get(cause, 0) + cycles
        assert stalled == unit["stalled"]
        assert sum(row["busy"].get(unit["name"], 0) for row in slow["layers"]) == unit["busy"]


def test_more_bandwidth_is_named_as_the_reason(slow, fast):
    compared = diff.compare(slow, fast, ("a", "b"))
    why = "; ".join(diff.reasons(compared.rows[0]))
    assert "dram bandwidth −" in why and "MACs" not in why
    unit, what, before, after = diff.units(compared)[0]
    assert after < before and (what == "dram_bandwidth" or what.startswith("wait_"))


def test_more_images_are_more_work(lenet, slow):
    compared = diff.compare(slow, measured(lenet, batch=32), ("a", "b"))
    row = next(row for row in compared.rows if (row.layer, row.phase) == ("conv2", "fwd"))
    why = "; ".join(diff.reasons(row))
    assert "MACs +100 %" in why and "matrix0 work +" in why
    assert compared.options == [("batch", "16", "32")]


def test_other_fusion_is_named(lenet, slow):
    compared = diff.compare(measured(lenet, fuse="none"), slow, ("a", "b"))
    joined = sum("+" in row["op"] for row in slow["layers"])
    joins = ("joined operations", "none", f"{joined} units of several")
    assert joined > 0 and compared.options == [("fuse", "none", "all"), joins]
    assert f"option joined operations: none -> {joined} units of several" in diff.text(compared)


def test_the_same_report_twice(slow):
    compared = diff.compare(slow, copy.deepcopy(slow), ("a", "b"))
    assert compared.cycles == 0 and not any(row.cycles or diff.reasons(row) for row in compared.rows)
    assert "the options that the programs record are the same" in diff.text(compared) and "no layer moved" in diff.text(
        compared
    )


def test_a_phase_that_only_one_report_has(slow):
    other = copy.deepcopy(slow)
    gone = [row for row in other["layers"] if row["phase"] == "update"]
    other["layers"] = [row for row in other["layers"] if row["phase"] != "update"]
    other["totals"]["cycles"] -= sum(row["cycles"] for row in gone)
    compared = diff.compare(slow, other, ("a", "b"))
    reasons = {tuple(diff.reasons(row)) for row in compared.rows if row.phase == "update"}
    assert reasons == {("only in the first report",)} and sum(row.cycles for row in compared.rows) == compared.cycles


def test_in_the_terminal(call, files, slow, fast):
    status, out, _ = call("diff", *files, "--rows", 3)
    assert status == 0 and "chip dram.bandwidth_gbps: 12.8 -> 25.6" in out
    assert f"{slow['totals']['cycles']:,}" in out and f"{fast['totals']['cycles']:,}" in out
    assert f"{len([row for row in diff.compare(slow, fast, ('', '')).rows if row.cycles]) - 3} others" in out


def test_as_a_page(call, files, tmp_path, slow, fast):
    page_file = tmp_path / "diff.html"
    assert call("diff", *files, "-o", page_file)[0] == 0
    first = diff.compare(slow, fast, ("", "")).rows[0]
    with opened(page_file) as page:
        assert all(marks(page, plot) > 0 for plot in ("waterfall", "accounts", "phases", "energy"))
        text = hover(page, "#plot-waterfall .point path >> nth=1")
        assert first.layer in text and first.phase in text
        assert page.locator(".badge").all_text_contents() == ["dram.bandwidth_gbps: 12.8 → 25.6"]
        rows = page.locator("#layers tr.sum")
        page.locator("#layers th", has_text="before").click()
        largest = max(diff.compare(slow, fast, ("", "")).rows, key=lambda row: row.before.cycles)
        assert rows.first.locator("td").nth(2).text_content() == f"{largest.before.cycles:,}"


def test_what_cannot_be_compared(call, files, slow, tmp_path):
    other, untimed, old = (tmp_path / name for name in ("other.json", "untimed.json", "old.json"))
    other.write_text(json.dumps(measured(tiny_model(tmp_path / "m.onnx"), batch=4)))
    one_error(call("diff", files[0], other), "found reports of different models, lenet5")
    one_error(call("diff", files[0], other), f"only {files[0]} has conv1, conv2, fc3")
    timeless = {**slow, "totals": {k: v for k, v in slow["totals"].items() if k != "cycles"}}
    untimed.write_text(json.dumps(timeless))
    one_error(call("diff", untimed, files[0]), f"{untimed}: found a run without a clock")
    old.write_text(json.dumps({**slow, "schema_version": report.SCHEMA_VERSION - 1}))
    one_error(call("diff", files[0], old), f"{old}: found no report of schema_version {report.SCHEMA_VERSION}")
    old.write_text(json.dumps({**slow, "layers": [{}]}))
    one_error(call("diff", files[0], old), f"{files[0]}, {old}: found no complete report: KeyError")
    one_error(call("diff", *files, "-o", files[0]), "expected another file than that of the first report")
