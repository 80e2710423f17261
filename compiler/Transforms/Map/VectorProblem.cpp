// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cost model: a vector instruction takes its start-up plus one cycle per `lanes` elements.
#include "compiler/Transforms/Map/VectorProblem.h"

#include <algorithm>

namespace arsis::compiler {

std::vector<Field> MatrixProblem::fields() const {
  std::vector<int64_t> rows = tileSizes(std::min(needs.rows, needs.most));
  std::vector<int64_t> columns = needs.wholeColumns
                                     ? std::vector<int64_t>{needs.columns}
                                     : tileSizes(needs.columns, std::min<int64_t>(needs.columns, 16));
  std::vector<Field> fields = {{"rows", rows}, {"columns", columns}, {"slots", {2, 1}}};
  if (needs.mayStay)
    fields.push_back({"resident", {1, 0}});
  return fields;
}

MatrixProblem::Layout MatrixProblem::layout(const Choice &c) const {
  Layout l;
  l.rows = std::min(c[Rows], needs.rows);
  l.columns = std::min(c[Columns], needs.columns);
  l.rowTiles = ceilDiv(needs.rows, l.rows);
  l.columnTiles = ceilDiv(needs.columns, l.columns);
  l.slots = l.rowTiles * l.columnTiles > 1 ? c[Slots] : 1;
  l.resident = needs.mayStay && c[Resident] != 0;
  return l;
}

Evaluation MatrixProblem::evaluate(const Choice &c) const {
  if (c[Rows] < 1 || c[Columns] < 1 || c[Slots] < 1)
    return Evaluation::rejected("a tile or slot count is zero");
  if (needs.wholeColumns && c[Columns] < needs.columns)
    return Evaluation::rejected("the columns of this operation cannot be cut");
  Layout l = layout(c);
  Evaluation e;
  int64_t ringed = needs.matrixBuffers - (l.resident ? needs.replaced : 0);
  auto need = [&](const char *name, int64_t count, int64_t rows, int64_t columns, int64_t slots) {
    if (count > 0)
      e.buffers.push_back({name, {1, 1, rows, columns}, count * slots});
  };
  int64_t perColumnTile = l.columnTiles > 1 ? 2 : 1;
  need("tiles", ringed, l.rows, l.columns, l.slots);
  need("resident rows", l.resident ? needs.residentBuffers : 0, l.rows * l.rowTiles, l.columns,
       l.columnTiles > 1 ? l.slots : 1);
  need("temporaries", needs.temporaries, l.rows, l.columns, 1);
  need("channel vectors", needs.channelVectors, 1, l.columns, perColumnTile);
  need("row vectors", needs.rowVectors, l.rows, 1, 1);
  need("labels", needs.labels, l.rows, 1, l.slots);
  need("scalars", needs.scalars, 1, 1, 1);
  e.loops = (l.columnTiles > 1) + (l.rowTiles > 1);
  double tiles = double(l.rowTiles * l.columnTiles), elements = double(l.rows * l.columns);
  double moved = double(l.resident ? needs.residentDramPasses : needs.dramPasses);
  e.computeCycles = tiles * double(needs.vectorPasses) *
                    (elements / double(machine.lanes) + double(machine.vectorStartupCycles));
  double tileBytes = dramBoxBytes(machine, {1, 1, needs.rows, needs.columns}, {1, 1, l.rows, l.columns});
  e.dramBytes = tiles * tileBytes * moved;
  e.transfers = tiles * moved;
  e.startBytes = tileBytes * double(needs.matrixBuffers);
  e.overlapped = c[Slots] > 1;
  return e;
}

Plan MatrixProblem::plan(const Choice &c) const {
  if (needs.planDim.empty())
    return {};
  return {{needs.planDim}, {std::min(c[Rows], needs.rows)}};
}

std::vector<Field> TransposeProblem::fields() const {
  return {{"d0", tileSizes(shape[0])},
          {"d1", tileSizes(shape[1])},
          {"d2", tileSizes(shape[2])},
          {"d3", tileSizes(shape[3])},
          {"slots", {2, 1}}};
}

TransposeProblem::Layout TransposeProblem::layout(const Choice &c) const {
  Layout l;
  for (int d = 0; d < 4; ++d) {
    l.tile[d] = std::min(c[d], shape[d]);
    l.order.counts.push_back(ceilDiv(shape[d], l.tile[d]));
  }
  l.buffer = {"tile", l.tile, l.order.slots(3, c[4])};
  return l;
}

Evaluation TransposeProblem::evaluate(const Choice &c) const {
  if (!fits)
    return Evaluation::rejected("it moves more than four dimensions against each other, the chip's transfers "
                                "have four");
  for (int64_t value : c)
    if (value < 1)
      return Evaluation::rejected("a tile or slot count is zero");
  // Outer dimensions are cut before inner ones.
  for (int d = 0; d < 3; ++d)
    if (c[d] > 1 && c[d + 1] < shape[d + 1])
      return Evaluation::rejected("an inner dimension is cut before an outer one");
  Layout l = layout(c);
  Evaluation e;
  e.buffers = {l.buffer};
  e.loops = l.order.depth();
  double tiles = double(l.order.times(3)), bytes = double(l.buffer.elements() * kElementBytes);
  e.dramBytes = 2 * tiles * bytes;
  e.transfers = 2 * tiles;
  e.startBytes = 2 * bytes;
  e.overlapped = c[4] > 1;
  return e;
}

} // namespace arsis::compiler
