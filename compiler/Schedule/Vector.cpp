// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cost model: a vector instruction takes its start-up plus one cycle per `lanes` elements.
#include "compiler/Schedule/Vector.h"

#include "compiler/Schedule/Strides.h"

#include <algorithm>
#include <cmath>

namespace arsis::schedule {

VectorSpace::VectorSpace(const ChipLimits &limits, const Unit &unit, VectorProgram theProgram)
    : Space(limits), unit(unit), program(std::move(theProgram)) {
  for (size_t reg = 0; reg < program.registers.size(); ++reg)
    if (program.registers[reg].operand >= 0 && program.registers[reg].reach == Reach::Matrix &&
        program.readers(static_cast<int>(reg)).size() > 1)
      readAgain.push_back(static_cast<int>(reg));
  std::vector<int64_t> shape = program.outer;
  shape.insert(shape.end(), {program.rows, program.columns});
  for (const Value &value : unit.values) {
    const auto strides = value.isView() ? stridesUnder(value.shape, value.strides, shape) : std::nullopt;
    pitches.push_back(strides ? std::max((*strides)[shape.size() - 2], program.columns) : program.columns);
  }
}

/// The most rows of one chunk of a sum over pixels. A sum of P pixels in chunks of n rounds like n + P / n
/// additions in a row, least at the square root of P.
static int64_t mostPixelsPerChunk(int64_t pixels) {
  return std::clamp<int64_t>(int64_t(std::lround(std::sqrt(double(pixels)))), kLeastSummed, kMostSummed);
}

/// Chunks of a sum per tile.
static const std::vector<int64_t> kChunks = {1, 2, 4, 8};

/// Whether a chunk is hardly shorter than the longest.
static bool isNearly(int64_t rows, int64_t longest) { return 8 * rows > 7 * longest; }

/// Rows of a tile, or of a chunk of the sum over them: those, and slightly shorter chunks of which several
/// fill every tile.
static std::vector<int64_t> rowSizes(int64_t rows, int64_t most) {
  std::vector<int64_t> sizes = tileSizes(std::min(rows, most));
  if (most < rows)
    for (int64_t chunks : kChunks)
      if (const int64_t even = ceilDiv(rows, roundUp(ceilDiv(rows, most), chunks));
          isNearly(even, most) && std::find(sizes.begin(), sizes.end(), even) == sizes.end())
        sizes.insert(sizes.begin() + 1, even);
  return sizes;
}

std::vector<Field> VectorSpace::fields() const {
  const int64_t most = program.sumsMatrices ? mostPixelsPerChunk(program.rows) : program.rows;
  std::vector<int64_t> columns = program.wholeColumns
                                     ? std::vector<int64_t>{program.columns}
                                     : tileSizes(program.columns, std::min<int64_t>(program.columns, 16));
  std::vector<Field> fields = {{"tiles.rows", rowSizes(program.rows, most), {}},
                               {"tiles.columns", columns, {}},
                               {"slots.tiles", {2, 1}, {}},
                               {program.sumsMatrices ? "tiles.chunks" : "",
                                program.sumsMatrices ? kChunks : std::vector<int64_t>{1},
                                {}}};
  if (!readAgain.empty())
    fields.push_back({"resident.rows", {1, 0}, {}});
  return fields;
}

VectorTiling VectorSpace::tiling(const Choice &c) const {
  VectorTiling l;
  l.chunk = std::min(c[Rows], program.rows);
  l.rows = std::min(l.chunk * c[Chunks], program.rows);
  l.columns = std::min(c[Columns], program.columns);
  l.rowTiles = ceilDiv(program.rows, l.rows);
  l.columnTiles = ceilDiv(program.columns, l.columns);
  l.slots = l.rowTiles * l.columnTiles * program.runs() > 1 ? c[Slots] : 1;
  l.resident = !readAgain.empty() && c[Resident] != 0;
  return l;
}

Evaluation VectorSpace::evaluate(const Choice &c) const {
  if (c[Rows] < 1 || c[Columns] < 1 || c[Slots] < 1 || c[Chunks] < 1)
    return Evaluation::rejected("a tile, chunk or slot count is zero");
  // Short chunks gain nothing from company.
  const int64_t longest = std::min(program.rows, mostPixelsPerChunk(program.rows));
  if (c[Chunks] > 1 && (!isNearly(c[Rows], longest) || c[Rows] > program.rows / c[Chunks]))
    return Evaluation::rejected(
        "a tile has several chunks that are not nearly the longest, or more than there are");
  if (c[Chunks] > 1 && program.rows % (c[Rows] * c[Chunks]) > 0 &&
      program.rows % (c[Rows] * c[Chunks]) <= c[Rows] * (c[Chunks] - 1))
    return Evaluation::rejected("the last tile has fewer chunks than the others");
  if (std::min(c[Rows], program.rows) < program.firstRows)
    return Evaluation::rejected("a tile has fewer rows than a sum of the first ones takes");
  if (program.wholeColumns && c[Columns] < program.columns)
    return Evaluation::rejected("the columns of this operation cannot be cut");
  const VectorTiling l = tiling(c);
  Evaluation e;
  const std::vector<Buffer> buffers = buffersOf(c);
  e.buffers.assign(buffers.begin(), buffers.end());
  e.loops =
      (l.columnTiles > 1) + (l.rowTiles > 1) + (l.rows > l.chunk) +
      std::count_if(program.outer.begin(), program.outer.end(), [](int64_t extent) { return extent > 1; });
  int64_t passes = 0;
  for (const VectorOperation &operation : program.operations)
    passes +=
        program.registers[operation.reduces ? operation.inputs[0] : operation.to].reach == Reach::Matrix;
  const double tiles = double(l.rowTiles * l.columnTiles * program.runs()),
               elements = double(l.rows * l.columns);
  e.computeCycles =
      tiles * double(passes) * (elements / double(limits.lanes) + double(limits.vectorStartupCycles));
  std::array<double, 2> tileBytes{}; // of elements of two and of four bytes, once they are known
  const auto move = [&](int value, double times, double starts) {
    const numerics::ElementType type = unit.values[value].type;
    double own = 0,
           &tile = pitches[value] == program.columns ? tileBytes[numerics::sizeInBytes(type) / 4] : own;
    if (tile == 0)
      tile = dramBoxBytes(limits, {1, 1, program.rows, pitches[value]}, {1, 1, l.rows, l.columns}, type);
    e.dramBytes += tiles * tile * times;
    e.transfers += tiles * times;
    e.startBytes += tile * starts;
  };
  for (size_t reg = 0; reg < program.registers.size(); ++reg) {
    const Register &r = program.registers[reg];
    if (r.reach != Reach::Matrix)
      continue;
    for (int result : r.results)
      move(result, 1, 1);
    if (r.operand < 0)
      continue;
    const auto reads = double(program.readers(static_cast<int>(reg)).size());
    move(r.operand, l.resident ? std::min(1.0, reads) : reads, reads);
  }
  e.overlapped = c[Slots] > 1;
  return e;
}

Plan VectorSpace::plan(const Choice &c) const {
  if (program.planDim.empty())
    return {};
  return {{program.planDim}, {std::min(c[Rows], program.rows)}};
}

} // namespace arsis::schedule
