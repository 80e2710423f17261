// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points open their report in a tab of its own; what parallel coordinates choose is shown by points and rows.
"use strict";
const kept = JSON.parse(document.getElementById("reports").textContent);

// A report is kept compressed, without plotly.js, of which this page has one copy for all.
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const script = document.getElementById("plotly").textContent;
  return (await new Response(stream).text()).replace("/* plotly.js */", () => script);
}

async function openReport(row) {
  if (!(row in kept)) return;
  const tab = window.open(""); // at once: browsers open tabs for a click only
  const page = await unpacked(kept[row]);
  tab.document.open();
  tab.document.write(page);
  tab.document.close();
}

const scatter = document.getElementById("plot-front");
scatter.on("plotly_click", (event) => openReport(event.points[0].customdata[1]));
document.getElementById("points").addEventListener("click", (event) => {
  if (event.target.closest("button")) openReport(event.target.closest("tbody").dataset.row);
});

const parallel = document.getElementById("plot-parallel");

// The ranges that boxes choose, by axis; an axis under several boxes has several.
function ranges() {
  const found = new Map();
  for (const box of parallel.layout.selections ?? []) {
    const [left, right] = [box.x0, box.x1].sort((a, b) => a - b);
    const ends = [box.y0, box.y1].sort((a, b) => a - b);
    for (let axis = Math.ceil(left); axis <= right; axis++) found.set(axis, [...(found.get(axis) ?? []), ends]);
  }
  return [...found].filter(([axis]) => axis in parallel.layout.meta.places);
}

// The lines that pass a range on every axis that has one; null where nothing is chosen.
function chosen() {
  const wanted = ranges();
  if (!wanted.length) return null;
  const { rows, places } = parallel.layout.meta;
  const passes = (line) => wanted.every(([axis, ends]) => ends.some(([low, high]) => places[axis][line] >= low && places[axis][line] <= high));
  return [...rows.keys()].filter(passes);
}

const showAll = document.getElementById("show-all");

function show(lines) {
  const { rows, places } = parallel.layout.meta;
  showAll.hidden = !lines;
  const last = parallel.data.length - 2; // behind it are the ticks
  const [x, y, customdata] = [[], [], []];
  for (const line of lines ?? [])
    for (let axis = 0; axis <= places.length; axis++) {
      x.push(axis < places.length ? axis : null);
      y.push(axis < places.length ? places[axis][line] : null);
      customdata.push(rows[line] + 1);
    }
  const others = [...Array(last).keys()];
  Plotly.restyle(parallel, { opacity: others.map((trace) => (lines ? 0.08 : figures.parallel.data[trace].opacity ?? 1)) }, others);
  Plotly.restyle(parallel, { x: [x], y: [y], customdata: [customdata] }, [last]);

  const kept = lines && new Set(lines.map((line) => rows[line]));
  scatter.data.forEach((trace, number) => {
    if (!trace.customdata) return;
    const points = kept && trace.customdata.flatMap(([, row], point) => (kept.has(row) ? [point] : []));
    Plotly.restyle(scatter, { selectedpoints: [points] }, [number]);
  });
  for (const body of document.getElementById("points").tBodies)
    body.style.opacity = !kept || kept.has(Number(body.dataset.row)) ? "" : "0.25";
}

parallel?.on("plotly_selected", () => show(chosen()));
parallel?.on("plotly_deselect", () => show(null));
showAll?.addEventListener("click", () => {
  Plotly.relayout(parallel, { selections: [] });
  show(null);
});
