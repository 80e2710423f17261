# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pages in a real browser: what is in the report is drawn and says what it is under the mouse; tables sort and fold."""

import copy
import json
import math
import warnings

import arsis
import pytest
from arsis import models, report
from arsis.pictures import memory, roofline, style
from arsis.pictures.quantities import quantity
from browser import drawn, hover, marks, opened


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> dict:
    """A step of ResNet-50, batch 32, on another chip than the shipped one."""
    model = models.model_path("resnet50", tmp_path_factory.mktemp("models"))
    overrides = {"dma.bus_bytes_per_cycle": "128"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks
        program = arsis.compile(
            str(model), "datacentre", overrides=overrides, batch=32, loss="softmax-xent",
            optimizer="sgd,lr=0.1,momentum=0.9", train=True, no_verify=True,
        )  # fmt: skip
    return arsis.Session(program, "datacentre", overrides, verify=False).run(mode="timing").content


@pytest.fixture(scope="session", params=["trained", "large"])
def shown(request, tmp_path_factory):
    """A report and its page."""
    made = request.getfixturevalue(request.param)
    page = tmp_path_factory.mktemp("page") / "report.html"
    report.write_page(made, page)
    return made, page


def test_everything_is_drawn(shown):
    made, file = shown
    with opened(file) as page:
        for plot in ("time", "units", "energy-parts", "energy-phases", "traffic", "roofline"):
            assert marks(page, plot) > 0, plot
        phases_of_layers = {(row["layer"], row["phase"]) for row in made["layers"]}
        bars = page.locator("#plot-time .point path").count()
        assert bars >= sum(1 for layer, phase in phases_of_layers if cycles(made, layer, phase))
        assert page.locator("#plot-roofline .points path.point").count() == len(roofline.points(made)[0])
        assert page.locator("#plot-units .yaxislayer-above .ytick").count() == len(made["units"])
        maps = page.locator("details.memory .plot")
        assert maps.count() == len(memory.memories(made)) and maps.locator(".main-svg").count() == 0
        top = page.locator("details.memory").first.bounding_box()["y"]
        assert top < 2000, f"the memory maps begin at {top} pixels"


def cycles(made: dict, layer: str, phase: str) -> int:
    return sum(row["cycles"] for row in made["layers"] if (row["layer"], row["phase"]) == (layer, phase))


def test_memory_maps_are_drawn_when_they_are_opened(shown):
    made, file = shown
    with opened(file) as page:
        page.locator("details.memory summary").first.click()
        drawn(page)
        name = memory.memories(made)[0]
        blocks = [block for block in made["memory_plan"] if block["memory"] == name]
        assert page.locator(f"#plot-memory-{name} .point path").count() == len(blocks)


def most_alone(made: dict) -> tuple[dict, int]:
    """The row whose point is farthest from all others, which nothing hides, and its place among the points drawn."""
    placed = sorted(roofline.points(made)[0], key=lambda point: style.PHASES.index(point.row["phase"]))
    places = [(math.log(point.intensity), math.log(point.rate)) for point in placed]
    distances = [min(math.dist(a, b) for b in places if b is not a) for a in places]
    number = distances.index(max(distances))
    return placed[number].row, number


def test_hovering_shows_a_layer(shown):
    made, file = shown
    alone, number = most_alone(made)
    first = made["layers"][0]
    with opened(file) as page:
        text = hover(page, "#plot-time .trace >> nth=0 >> .point path >> nth=0")
        assert first["layer"] in text and f"{cycles(made, first['layer'], 'fwd'):,} cycles" in text
        text = hover(page, f"#plot-roofline path.point >> nth={number}")
        assert alone["layer"] in text and f"{alone['cycles']:,} cycles" in text and "of what the roof allows" in text
        assert "busy: " in hover(page, "#plot-units .trace >> nth=0 >> .point path >> nth=0")


def test_the_table_sorts_filters_and_unfolds(shown):
    made, file = shown
    rows = report.layer_table(made)
    by_cycles = sorted(rows, key=lambda row: -row["cycles"])
    with opened(file) as page:
        names = page.locator("#layers tbody:not([hidden]) tr.sum td:first-child")
        assert names.all_text_contents() == [row["layer"] for row in rows]
        page.locator("#layers th", has_text="cycles").click()
        assert names.first.text_content() == by_cycles[0]["layer"]
        page.locator("#layers th", has_text="cycles").click()
        assert names.last.text_content() == by_cycles[0]["layer"]
        page.locator("#layers th", has_text="layer").click()
        assert names.all_text_contents() == [row["layer"] for row in rows]

        heads = [text.strip() for text in page.locator("#layers th").all_text_contents()]
        told = dict(zip(heads, page.locator("#layers tr.sum").first.locator("td").all_text_contents(), strict=True))
        time = rows[0]["cycles"] * made["totals"]["time_ns"] / made["totals"]["cycles"]
        assert (told["time"], told["MACs/B"]) == (quantity(time * 1e-9, "s"), report.intensity(rows[0]))

        parts = page.locator("#layers tr.part:visible")
        assert parts.count() == 0
        names.first.click()
        assert parts.count() == len(rows[0]["parts"])
        first = rows[0]["parts"][0]
        told = parts.first.locator("td").last.get_attribute("title").splitlines()
        assert {line.split(":")[0] for line in told} == {*first["busy"], *first["stalled"]}
        page.locator("button", has_text="unfold").click()
        assert parts.count() == len(made["layers"])

        page.locator("input[type=search]").fill(f"{by_cycles[0]['layer']} FWD")
        wanted = [row for row in rows if by_cycles[0]["layer"] in row["layer"]]
        assert names.count() == len(wanted)
        assert page.locator(".count").text_content() == f"{len(wanted)} of {len(rows)}"


def test_the_chip_and_what_was_overridden(large, tmp_path):
    report.write_page(large, tmp_path / "report.html")
    with opened(tmp_path / "report.html") as page:
        assert page.locator(".badge", has_text="dma.bus_bytes_per_cycle = 128 (datacentre has 512)").count() == 1
        page.locator("#chip summary").click()
        assert page.locator("#chip tr:visible").count() == len(large["chip"]["values"])
        assert page.locator("#chip tr.overridden").all_text_contents() == ["bus_bytes_per_cycle128 (file: 512)"]


def test_no_point_lies_above_its_roof(large, trained):
    """The narrower of DRAM and bus is the slope; the bus of `large` is narrower than its DRAM."""
    for made in (large, trained):
        roof, (placed, left) = roofline.roofs(made), roofline.points(made)
        assert len(placed) + len(left) == len(made["layers"]) and len(placed) > len(left)
        for point in placed:
            assert point.rate <= roof.reachable(point) * 1.001, point
    assert roofline.roofs(large).slope == roofline.roofs(large).bus < roofline.roofs(large).dram
    assert roofline.roofs(trained).slope == roofline.roofs(trained).dram


def test_a_page_without_time(trained, tmp_path):
    untimed = copy.deepcopy(trained)
    untimed["mode"] = "functional-only"
    untimed.pop("training"), untimed.pop("power")
    for key in ("cycles", "time_ns", "power_mw", "utilisation"):
        untimed["totals"].pop(key)
    report.write_page(untimed, tmp_path / "report.html")
    with opened(tmp_path / "report.html") as page:
        assert page.locator("#plot-time, #plot-units, #plot-roofline").count() == 0
        assert marks(page, "traffic") > 0 and "cycles per step" not in page.locator(".cards").text_content()
    assert "cycles per step" not in report.summary(untimed)


def test_names_cannot_leave_their_place(trained, tmp_path):
    """A layer's name is shown as it is, also where it looks like HTML or ends a script."""
    name = "</script><b onmouseover=alert(1)>{{ x }}"
    renamed = json.loads(json.dumps(trained).replace('"conv1"', json.dumps(name)))
    report.write_page(renamed, tmp_path / "report.html")
    with opened(tmp_path / "report.html") as page:
        assert page.locator("#layers tr.sum td").first.text_content() == name
        assert page.locator("b[onmouseover]").count() == 0
