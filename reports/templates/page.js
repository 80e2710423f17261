// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Draws the figures that stand in the page, those in a closed fold when it opens; sorts, filters and folds tables.
"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);

function draw(place) {
  const figure = figures[place.dataset.figure];
  if (!figure || place.dataset.drawn) return;
  place.dataset.drawn = "yes";
  Plotly.newPlot(place, figure.data, figure.layout, { responsive: true, displaylogo: false, displayModeBar: "hover" });
}

for (const place of document.querySelectorAll(".plot"))
  if (!place.closest("details:not([open])")) draw(place);
for (const fold of document.querySelectorAll("details"))
  fold.addEventListener("toggle", () => fold.open && fold.querySelectorAll(".plot").forEach(draw));

function sortBy(table, heading) {
  const up = heading.getAttribute("aria-sort") === "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = (body) => body.rows[0].cells[heading.cellIndex].dataset.value;
  const words = heading.dataset.column === "text";
  const ordered = [...table.tBodies].sort((a, b) => {
    const order = words ? value(b).localeCompare(value(a)) : value(b) - value(a);
    return up ? -order : order;
  });
  table.append(...ordered);
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const heading of table.querySelectorAll("th[data-column]")) heading.addEventListener("click", () => sortBy(table, heading));
  table.addEventListener("click", (event) => event.target.closest("tr.sum")?.parentElement.classList.toggle("open"));
  const section = table.closest("section");
  const count = section.querySelector(".count");
  const filter = section.querySelector("input");
  filter?.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const body of table.tBodies) {
      const text = body.textContent.toLowerCase();
      body.hidden = !wanted.every((word) => text.includes(word));
      shown += body.hidden ? 0 : 1;
    }
    count.textContent = `${shown.toLocaleString("en")} of ${table.tBodies.length.toLocaleString("en")}`;
  });
  section.querySelector(".tools button")?.addEventListener("click", () => {
    const open = [...table.tBodies].some((body) => !body.classList.contains("open"));
    for (const body of table.tBodies) body.classList.toggle("open", open);
  });
}
