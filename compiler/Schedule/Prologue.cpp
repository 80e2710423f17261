// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Prologue.h. The parts that make the factor are read as a program of the vector unit that stores it.
#include "compiler/Schedule/Prologue.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

bool makes(const Part &part, const std::vector<int> &values) {
  return std::any_of(part.results.begin(), part.results.end(), [&](int result) {
    return std::find(values.begin(), values.end(), result) != values.end();
  });
}

/// Parts that make one of these values, or what those read.
std::vector<bool> makersOf(const Unit &unit, std::vector<int> values) {
  std::vector<bool> makers(unit.parts.size());
  for (size_t i = unit.parts.size(); i-- > 0;)
    if (makes(unit.parts[i], values)) {
      makers[i] = true;
      values.insert(values.end(), unit.parts[i].operands.begin(), unit.parts[i].operands.end());
    }
  return makers;
}

bool isElementwise(const VectorProgram &program) {
  return program.stages == 1 && !program.wholeColumns && program.outer.empty() &&
         std::none_of(program.registers.begin(), program.registers.end(),
                      [](const Register &r) { return r.reach == Reach::Rows; }) &&
         std::none_of(program.operations.begin(), program.operations.end(),
                      [](const VectorOperation &operation) { return operation.reduces; });
}

} // namespace

std::vector<bool> partsBefore(const Unit &unit, const std::vector<const Part *> &products) {
  std::vector<int> read;
  for (const Part *product : products)
    read.insert(read.end(), product->operands.begin(), product->operands.end());
  std::vector<bool> makers = makersOf(unit, std::move(read));
  for (const Part *product : products)
    makers[product - unit.parts.data()] = false;
  return makers;
}

std::optional<Prologue> prologueIn(const Unit &unit, int value, const std::vector<const Part *> &products) {
  const std::vector<bool> makers = makersOf(unit, {value});
  Unit alone = unit;
  alone.parts.clear();
  for (size_t i = 0; i < unit.parts.size(); ++i) {
    if (makers[i]) {
      alone.parts.push_back(unit.parts[i]);
      continue;
    }
    const std::vector<int> &read = unit.parts[i].operands;
    const bool isProduct = std::count(products.begin(), products.end(), &unit.parts[i]) > 0;
    for (size_t maker = 0; maker < unit.parts.size(); ++maker) // products read the factor alone
      if (makers[maker])
        for (int made : unit.parts[maker].results)
          if (std::count(read.begin(), read.end(), made) > (made == value && isProduct ? 1 : 0))
            return std::nullopt;
  }
  for (const Part &part : alone.parts)
    for (int made : part.results)
      if (unit.values[made].kind != Value::Kind::Inner && made != value)
        return std::nullopt;
  alone.values[value].kind = Value::Kind::Result;
  std::optional<VectorProgram> program = vectorProgramIn(alone);
  if (!program || !isElementwise(*program))
    return std::nullopt;
  Prologue e;
  e.stored = unit.values[value].kind == Value::Kind::Result ? value : -1;
  e.program = std::move(*program);
  const std::vector<Register> &registers = e.program.registers;
  for (size_t reg = 0; reg < registers.size(); ++reg) {
    if (!registers[reg].results.empty())
      e.made = static_cast<int>(reg);
    if (registers[reg].operand >= 0)
      e.tensors.push_back(
          {registers[reg].operand, static_cast<int>(reg), unit.values[registers[reg].operand].type});
  }
  std::sort(e.tensors.begin(), e.tensors.end(),
            [](const auto &a, const auto &b) { return a.value < b.value; });
  if (registers[e.made].reach != Reach::Matrix || registers[e.made].type != unit.values[value].type)
    return std::nullopt;
  for (const Prologue::Tensor &tensor : e.tensors)
    if (unit.values[tensor.value].shape != shapeOf(e.reachOf(tensor), unit.values[value].shape))
      return std::nullopt;
  for (const Prologue::Tensor &tensor : e.tensors)
    if (e.reachOf(tensor) == Reach::Matrix)
      e.tileTypes.push_back(registers[tensor.reg].type);
  for (const VectorOperation &operation : e.program.operations)
    (registers[operation.to].reach == Reach::Matrix ? e.tile : e.once).push_back(operation);
  LoopWork work;
  for (const VectorOperation &operation : e.tile)
    work.push_back(&operation);
  e.rings = assignRings(e.program, work);
  return e;
}

Overhang overhangOf(const TileRange &range, int64_t tiles, const Affine &index, int64_t size) {
  return {index * range.step + range.base, range.base, range.base + range.step * (tiles - 1), size};
}

double Prologue::cycles(const ChipLimits &limits, int64_t elements) const {
  return double(tile.size()) * (double(elements) / double(limits.lanes) + double(limits.vectorStartupCycles));
}

void PrologueWriter::declareTensors(const std::vector<int64_t> &shape) {
  for (const Prologue::Tensor &tensor : e.tensors)
    tensors.push_back(b.tensor(tensor.value, shapeOf(e.reachOf(tensor), shape), tensor.type));
  if (e.isStored())
    storedTensor = b.tensor(e.stored, shape, e.madeType());
}

void PrologueWriter::begin(const Buffer &channels) {
  const auto extentOf = [&](int reg) {
    return p.registers[reg].reach == Reach::Scalar ? int64_t(1) : channels.shape[3];
  };
  const auto alloc = [&](int reg, const char *name) {
    Buffer buffer{name, {1, 1, 1, extentOf(reg)}, 1};
    buffer.type = p.registers[reg].type;
    places[reg] = {b.alloc(buffer), 0, {0, 0, 0, 1}};
  };
  for (size_t i = 0; i < e.tensors.size(); ++i)
    if (const int reg = e.tensors[i].reg; p.registers[reg].reach != Reach::Matrix) {
      alloc(reg, "channels");
      b.load(tensors[i], {0, 0, 0, 0}, {1, 1, 1, extentOf(reg)}, places[reg]);
    }
  for (const VectorOperation &operation : e.once) {
    alloc(operation.to, "temporary");
    map(operation, {1, 1, 1, extentOf(operation.to)}, 0, 3);
  }
}

void PrologueWriter::map(const VectorOperation &operation, const Box4 &box, const Affine &channel,
                         int channelAxis) {
  const auto view = [&](int reg) {
    View view = places[reg];
    if (p.registers[reg].reach != Reach::Matrix) {
      view.strides = {};
      if (p.registers[reg].reach == Reach::Columns) {
        view.strides[channelAxis] = 1;
        view.offset += channel;
      }
    }
    return view;
  };
  std::vector<View> inputs;
  for (int input : operation.inputs)
    inputs.push_back(view(input));
  b.map(operation.function, box, view(operation.to), inputs, operation.immediate);
}

int PrologueWriter::make(const Buffer &room, const Tile &tile) {
  Box4 box; // in the order of the buffer
  for (size_t d = 0; d < 4; ++d)
    box[tile.axes[d]] = tile.box[d];
  for (size_t i = 0; i < e.tensors.size(); ++i)
    if (e.reachOf(e.tensors[i]) == Reach::Matrix) {
      const int reg = e.tensors[i].reg;
      Buffer buffer = room;
      buffer.name = "operand";
      buffer.type = p.registers[reg].type;
      places[reg] = b.whole(b.alloc(buffer));
      View to = places[reg];
      for (size_t d = 0; d < 4; ++d)
        to.strides[d] = places[reg].strides[tile.axes[d]];
      b.load(tensors[i], tile.at, tile.box, to);
    }
  std::vector<View> views;
  for (size_t ring = 0; ring < e.rings.rings.size(); ++ring) {
    Buffer buffer = room;
    buffer.type = e.rings.rings[ring].type;
    if (int(ring) != e.rings.ringOf(e.made)) {
      buffer.name = "temporary";
      buffer.slots = 1;
    }
    views.push_back(b.whole(b.alloc(buffer)));
  }
  for (auto [reg, ring] : e.rings.registers)
    places[reg] = views[ring];
  for (const VectorOperation &operation : e.tile)
    map(operation, box, tile.channel, tile.axes[3]);
  const int made = places[e.made].buffer;
  if (tile.h)
    clear(made, box, tile.axes[1], *tile.h);
  if (tile.w)
    clear(made, box, tile.axes[2], *tile.w);
  if (e.isStored()) {
    View from = b.whole(made);
    for (size_t d = 0; d < 4; ++d)
      from.strides[d] = b.strides(made)[tile.axes[d]];
    b.store(from, storedTensor, tile.at, tile.stored);
  }
  return made;
}

/// Zeros where a tile lies outside of the tensor along a dimension.
void PrologueWriter::clear(int buffer, const Box4 &box, int dimension, const Overhang &overhang) {
  const auto [start, least, most, size] = overhang;
  const int64_t extent = box[dimension].tile, before = std::min(extent, -least),
                behind = std::min(extent, most + extent - size);
  const auto fill = [&](int64_t count, const Affine &limit, const Affine &first) {
    if (count <= 0)
      return;
    Box4 outside = box;
    outside[dimension] =
        limit.isConstant() ? Extent(std::clamp<int64_t>(limit.base, 0, count)) : Extent(count, limit);
    View to = b.whole(buffer);
    to.offset += first * to.strides[dimension];
    b.map(numerics::VectorFunction::Fill, outside, to, {}, 0);
  };
  fill(before, start * -1, 0);
  fill(behind, start + (extent - size), Affine(size) - start);
}

} // namespace arsis::schedule
