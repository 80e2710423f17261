# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""report.json keeps its schema and its sums; the page and the summary say what it says."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
from arsis import report
from arsis.pictures.quantities import change, percent_change, quantity
from plotly.offline import get_plotlyjs

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "reports/schema/report.schema.json").read_text())


def test_report_matches_the_schema(trained):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(trained, SCHEMA)


@pytest.mark.parametrize("damage", [
    lambda r: r.pop("totals"),
    lambda r: r["units"][0].update(busy=-1),
    lambda r: r["layers"][0].update(phase="backward"),
    lambda r: r.update(schema_version=1),
])  # fmt: skip
def test_the_schema_notices(trained, damage):
    broken = copy.deepcopy(trained)
    damage(broken)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_sums_add_up(trained):
    total = trained["totals"]["cycles"]
    assert sum(row["cycles"] for row in trained["layers"]) == total
    assert sum(row["cycles"] for row in trained["phases"]) == total
    for unit in trained["units"]:
        assert unit["busy"] + sum(unit["stalled"].values()) + unit["idle"] == unit["total"] == total
    energy = sum(entry["pj"] for entry in trained["energy"].values())
    assert energy == pytest.approx(trained["totals"]["energy_pj"], rel=1e-9)


def test_every_row_knows_its_layer_and_phase(trained):
    assert all(row["layer"] and row["phase"] for row in trained["layers"])
    assert {row["phase"] for row in trained["layers"]} == {"fwd", "loss", "bwd-input", "bwd-weight", "update"}


def test_page_is_self_contained(trained, tmp_path):
    page = tmp_path / "report.html"
    report.write_page(trained, page)
    text = page.read_text()
    assert text.count("* plotly.js v") == 1 and "default-src 'none'" in text
    assert not re.search(r"""<(?:link|img|iframe)|<script[^>]*\bsrc\s*=|@import""", text.replace(get_plotlyjs(), ""))
    for layer in {row["layer"] for row in trained["layers"]}:
        assert layer in text
    assert f"{trained['totals']['cycles']:,}" in text


def test_headline_per_image(trained):
    totals, values = trained["totals"], dict(report.headline(trained))
    assert values["batch"] == "16" and values["images per second"] == f"{16 / totals['time_ns'] * 1e9:,.0f}"
    assert values["energy per image"] == quantity(totals["energy_pj"] * 1e-12 / 16, "J")
    assert float(values["images per joule"].replace(",", "")) == pytest.approx(16e12 / totals["energy_pj"], rel=0.005)
    assert values["area"] == f"{sum(part['mm2'] for part in trained['area']['parts']):.3g} mm2"
    moved = totals["dram_read_bytes"] + totals["dram_write_bytes"]
    assert float(values["MACs per byte of DRAM"]) == pytest.approx(totals["macs"] / moved, rel=0.005)


def test_headline_of_an_unknown_batch(trained):
    unknown = {**trained, "program": {**trained["program"], "options": {}}}
    unknown.pop("training")
    values = dict(report.headline(unknown))
    assert not {"batch", "images per second", "energy per image", "images per joule"} & values.keys()
    assert values["cycles per step"] == f"{trained['totals']['cycles']:,}"


def test_summary(trained):
    text = report.summary(trained)
    assert f"{trained['totals']['cycles']:,}" in text and "conv2" in text and "vector0" in text
    row = next(row for row in report.layer_table(trained) if row["layer"] == "conv2")
    line = next(line for line in text.splitlines() if line.split()[:1] == ["conv2"])
    time = row["cycles"] * trained["totals"]["time_ns"] / trained["totals"]["cycles"]
    assert quantity(time * 1e-9, "s") in line and report.intensity(row) in line
    assert float(report.intensity(row)) == pytest.approx(row["macs"] / row["dram_bytes"], rel=0.005)


def test_a_row_that_touches_no_dram_has_no_intensity():
    assert report.intensity({"macs": 5, "dram_read_bytes": 0, "dram_write_bytes": 0}) == "-"


def test_a_hypothetical_result_says_so(trained):
    assert trained["hypothetical"] == [] and "ypothetical" not in report.summary(trained) + report.page(trained)
    emulated = {**trained, "hypothetical": ["c multiplies f32 in 6 passes of bf16; values here are those of true f32"]}
    for text in (report.summary(emulated), report.page(emulated)):
        assert "ypothetical:" in text and emulated["hypothetical"][0] in text


@pytest.mark.parametrize(
    "value,text", [(0, "0 B"), (999, "999 B"), (1234, "1.23 kB"), (5.6e9, "5.6 GB"), (2e-6, "2 µB"), (4.2e-11, "42 pB")]
)
def test_quantities(value, text):
    assert quantity(value, "B") == text
    assert change(-value, "B") == ("0" if value == 0 else f"−{text}")


@pytest.mark.parametrize(
    "before,after,text", [(4, 4, "0 %"), (0, 1, "new"), (1, 0, "gone"), (4, 5, "+25 %"), (8, 7, "−12.5 %")]
)
def test_changes(before, after, text):
    assert percent_change(before, after) == text
