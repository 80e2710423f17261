# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page of a sweep in a real browser: every figure is drawn, points say what they are and open their report, boxes
over parallel coordinates choose, tables sort; figures hold what the rows hold."""

import statistics

import arsis
import pytest
from arsis.pictures import moving, swept
from arsis.sweeps import SpaceError, read_result
from arsis.sweeps.effects import effects
from arsis.sweeps.result import cell
from browser import PATIENCE, drawn, hover, marks, opened
from command_line import one_error
from playwright.sync_api import expect
from tiny_model import tiny_model

ROWS, BANDWIDTHS, STATIC = [2, 4, 8, 16], [0, 0.8, 1.6], [1, 4]


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> dict:
    model = str(tiny_model(tmp_path_factory.mktemp("model") / "m.onnx", hidden=32))
    return {"model": model, "chip": "tiny", "train": True, "batch": 16}


@pytest.fixture(scope="module")
def store(space, tmp_path_factory):
    """24 points, of which 8 fail; the others have their report."""
    path = tmp_path_factory.mktemp("store") / "s.sqlite"
    varied = {"matrix.rows": ROWS, "dram.bandwidth_gbps": BANDWIDTHS, "energy.static_mw": STATIC}
    settings = {"objectives": ["time_ns", "max: utilisation"], "reports": True, "progress": False}
    arsis.sweep(space | varied | {"limits": "energy.static_mw * matrix.rows < 60"}, store=path, **settings)
    return path


@pytest.fixture(scope="module")
def result(store):
    return read_result(store)


@pytest.fixture(scope="module")
def page_file(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "sweep.html"
    result.to_html(path, reports=5)
    return path


def test_everything_is_drawn(result, page_file):
    with opened(page_file) as page:
        assert page.locator("#plot-front path.point").count() == 16
        assert marks(page, "parallel") > 0 and marks(page, "alone") == 6
        assert page.locator("#plot-heat .heatmaplayer image").count() == 1
        assert page.locator("#points tbody").count() == 16 and page.locator("#points tr.over").count() == 2
        assert page.locator("#points tr.front").count() == len(result.pareto())
        assert page.locator("#failures tbody tr").count() == 8
        assert "8 ChipError" in page.locator("#failures h2").text_content()
        assert "bandwidth_gbps" in page.locator("#failures td.wrap").first.text_content()


def test_hovering_says_which_point(result, page_file):
    best = result.best()
    with opened(page_file) as page:
        text = hover(page, "#plot-front .trace:last-child path.point >> nth=0")
        assert f"matrix.rows {best['matrix.rows']}" in text and f"time_ns {cell(best['time_ns'])}" in text
        assert "click: its report" in text


def test_a_point_opens_its_report(result, page_file):
    best = result.best()
    with opened(page_file) as page:
        said = []
        hover(page, "#plot-front .trace:last-child path.point >> nth=0")
        with page.expect_popup() as popup:
            page.mouse.down()
            page.mouse.up()
        tab = popup.value
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.locator(".cards").wait_for()
        drawn(tab)
        assert f"{best['cycles']:,}" in tab.locator(".cards").text_content()
        assert marks(tab, "time") > 0 and not said


def test_a_row_opens_its_report(page_file):
    with opened(page_file) as page:
        assert page.locator("#points button").count() == 5
        number = page.locator("#points tbody:has(button)").last.locator("td").first.text_content()
        with page.expect_popup() as popup:
            page.locator("#points button").last.click()
        popup.value.locator(".cards").wait_for()
        cycles = page.locator("#points tbody:has(button)").last.locator("td").nth(7).text_content()
        assert number and cycles in popup.value.locator(".cards").text_content()


def test_a_box_over_an_axis_chooses(page_file):
    with opened(page_file) as page:
        plot = page.locator("#plot-parallel .plot-container .nsewdrag")
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        axes = 5  # three parameters, two objectives
        left = box["x"] + box["width"] * 0.5 / (axes - 0.1)
        page.mouse.move(left - 20, box["y"] + 1)
        page.mouse.down()
        page.mouse.move(left + 20, box["y"] + box["height"] * 0.2, steps=5)
        page.mouse.up()
        faded = page.locator("#points tbody[style*='0.25']")
        expect(faded).to_have_count(12, timeout=PATIENCE)
        kept = page.locator("#points tbody:not([style*='0.25']) td:nth-child(3)").all_text_contents()
        assert kept == ["16"] * 4
        expect(page.locator("#plot-front path.point[style*='opacity: 0.08']")).to_have_count(12, timeout=PATIENCE)
        page.locator("#show-all").click()
        expect(faded).to_have_count(0, timeout=PATIENCE)
        assert page.locator("#show-all").is_hidden() and not page.evaluate(
            "document.getElementById('plot-parallel').layout.selections.length"
        )


def test_the_table_sorts_and_filters(result, page_file):
    slowest = max((row for row in result if row["status"] == "ok"), key=lambda row: row["time_ns"])
    with opened(page_file) as page:
        page.locator("#points th", has_text="time_ns").click()
        times = page.locator("#points tbody:not([hidden]) td:nth-child(6)")
        assert times.first.text_content() == cell(slowest["time_ns"])
        page.locator("input[type=search]").fill("★")
        assert times.count() == len(result.pareto())


def test_effects_are_those_of_the_rows(result):
    found = {effect.parameter: effect for effect in effects(result, result.objectives[0])}
    times = {
        (row["matrix.rows"], row["dram.bandwidth_gbps"], row["energy.static_mw"]): row["time_ns"] for row in result
    }
    swings = []
    for bandwidth in BANDWIDTHS[1:]:
        for static in STATIC:
            line = [times[rows, bandwidth, static] for rows in ROWS]
            swings.append((max(line) - min(line)) / line[1])
    rows = found["matrix.rows"]
    assert (rows.lines, rows.least, rows.most) == (4, min(swings), max(swings))
    assert rows.swing == statistics.median(swings) > found["energy.static_mw"].swing == 0
    assert found["dram.bandwidth_gbps"].lines == 8


def test_cells_are_the_best_of_what_else_varies(result):
    points = swept.Swept(result, result.objectives)
    figure = moving.heat(points)
    trace, layout = figure.data[0], figure.layout
    across, up = layout.xaxis.title.text, layout.yaxis.title.text
    assert {across, up} == {"matrix.rows", "dram.bandwidth_gbps"}  # which move the time more than the static power
    assert (len(trace.x), len(trace.y)) == (len(BANDWIDTHS) - 1, len(ROWS))
    for row, y in enumerate(trace.y):
        for column, x in enumerate(trace.x):
            of = [each["time_ns"] for each in result if (str(each[across]), str(each[up])) == (x, y)]
            assert trace.z[row][column] == min(of)


def test_sensitivities_of_the_store(space, tmp_path):
    varied = space | {"matrix.rows": [2, 4, 8, 16], "dram.bandwidth_gbps": [0.8, 1.6, 3.2, 6.4]}
    settings = {"objectives": ["time_ns", "energy_pj"], "store": tmp_path / "s.sqlite", "progress": False}
    alone = arsis.sensitivity(varied, **settings)
    rows = {(row["objective"], row["parameter"]): row["swing"] for row in alone.rows}
    lines = [effect for goal in alone.points.objectives for effect in effects(alone.points, goal) if effect.lines == 1]
    assert [effect.swing for effect in lines] == list(rows.values())  # the base is the middle of the grid
    shares = arsis.sensitivity(varied, method="sobol", samples=64, seed=1, **settings)
    arsis.sweep(varied, **settings)
    read_result(tmp_path / "s.sqlite").to_html(tmp_path / "s.html")
    with opened(tmp_path / "s.html") as page:
        assert page.locator("#plot-shares .point path").count() == 2 * len(shares.rows)
        text = hover(page, "#plot-shares .trace >> nth=0 >> .point path >> nth=1")
        assert any(f"{row['total']:.3f} ± {row['total_error']:.3f}" in text for row in shares.rows)
        assert "No point opens its report here" in page.content()


def test_a_sensitivity_shows_its_own_swings(space, tmp_path):
    varied = space | {"matrix.rows": [2, 4, 8, 16], "dram.bandwidth_gbps": [0.8, 1.6, 3.2, 6.4]}
    base = {"matrix.rows": 16}  # not the middle one
    found = arsis.sensitivity(varied, objectives=["time_ns"], base=base, store=tmp_path / "s.sqlite", progress=False)
    found.points.to_html(tmp_path / "s.html")
    largest = max(found.rows, key=lambda row: row["swing"])
    with opened(tmp_path / "s.html") as page:
        assert "Through the base point" in page.content()
        text = hover(page, "#plot-alone .point path >> nth=1")
        assert largest["parameter"] in text and f"{largest['swing']:.3%}" in text


@pytest.mark.parametrize(
    "objectives,menus",
    [(["time_ns"], 1), (["time_ns", "energy_pj", "max: utilisation"], 2), (["time_ns", "cycles"], 0)],
)
def test_any_number_of_objectives(result, objectives, menus, tmp_path):
    result.to_html(tmp_path / "s.html", objectives, reports=0)
    with opened(tmp_path / "s.html") as page:
        assert page.locator("#plot-front path.point").count() == 16
        assert page.locator("#plot-front .updatemenu-header").count() == menus
        if menus:
            page.locator("#plot-front .updatemenu-header").last.click()
            page.locator("#plot-front .updatemenu-dropdown-button").last.click()
            title = page.locator("#plot-front .xtitle, #plot-front .ytitle").all_text_contents()
            assert (objectives[-1].removeprefix("max: ") if menus == 2 else "energy.static_mw") in title


def test_cases_and_strange_names(space, tmp_path):
    name = "</script><b onmouseover=alert(1)>{{ x }}"
    cases = {name: {"matrix.rows": 4, "matrix.cols": 4}, "wide": {"matrix.rows": 4, "matrix.cols": 8}}
    result = arsis.sweep(space | {"cases": cases, "batch": [4, 8]}, progress=False)
    assert result.axes == {"batch": ["batch"], "cases": ["case", "matrix.rows", "matrix.cols"]}
    result.to_html(tmp_path / "s.html")  # without objectives: time and energy
    with opened(tmp_path / "s.html") as page:
        assert name in page.locator("#points td.left").all_text_contents()
        assert page.locator("b[onmouseover]").count() == 0
        assert page.locator("#plot-front path.point").count() == 4 and marks(page, "alone") == 4


def test_one_point(space, tmp_path):
    arsis.sweep(space, progress=False).to_html(tmp_path / "s.html")
    with opened(tmp_path / "s.html") as page:
        assert page.locator(".plot").count() == 1 and page.locator("#points tbody").count() == 1


def test_what_has_no_page(space, result, tmp_path):
    failed = arsis.sweep(space | {"dram.bandwidth_gbps": 0}, objectives=["time_ns"], progress=False)
    with pytest.raises(arsis.InputError, match="a page needs a point with time_ns, found none"):
        failed.to_html(tmp_path / "s.html")
    with pytest.raises(SpaceError, match="reads area, which is no column"):
        result.to_html(tmp_path / "s.html", ["area"])


def test_from_the_command_line(store, call, tmp_path):
    out = tmp_path / "p.html"
    status, printed, _ = call("page", store, "-o", out, "--reports", 1, "--objective", "energy_pj")
    assert (status, printed) == (0, f"24 points, 8 failed; page: {out}\n")
    with opened(out) as page:
        assert page.locator("#points button").count() == 1 and "least energy_pj" in page.locator(".sub").text_content()
    one_error(call("page", store, "--sweep", 7), f"{store}: found no sweep 7, the store has 1")
    one_error(call("page", tmp_path / "none.sqlite"), "none.sqlite: no such file")
    one_error(call("page", store, "-o", store), "expected another file than that of the store")
