// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Epilogue.h. The product is read as an operand of the vector program that the other parts are.
#include "compiler/Schedule/Epilogue.h"

#include "compiler/Schedule/Prologue.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

/// Whether a tile has all it takes: vectors along the columns, and sums that nobody waits for.
bool isForTiles(const VectorProgram &program) {
  if (program.stages > 1 || program.wholeColumns || !program.outer.empty())
    return false;
  const auto isSumOfMatrix = [&](const VectorOperation &operation) {
    return !operation.reduces ||
           (operation.overRows && operation.reduction == numerics::ReduceFunction::Sum &&
            program.registers[operation.inputs.front()].reach == Reach::Matrix);
  };
  return std::none_of(program.registers.begin(), program.registers.end(),
                      [](const Register &r) { return r.reach == Reach::Rows; }) &&
         std::all_of(program.operations.begin(), program.operations.end(), isSumOfMatrix);
}

std::vector<Epilogue::Tensor> tensorsOf(const VectorProgram &program, const Unit &unit) {
  std::vector<Epilogue::Tensor> tensors;
  for (size_t reg = 0; reg < program.registers.size(); ++reg) {
    const Register &r = program.registers[reg];
    const auto add = [&](int value, bool isResult) {
      tensors.push_back({value, static_cast<int>(reg), isResult, unit.values[value].type});
    };
    if (r.operand >= 0)
      add(r.operand, false);
    for (int value : r.results)
      add(value, true);
  }
  std::sort(tensors.begin(), tensors.end(), [](const auto &a, const auto &b) { return a.value < b.value; });
  return tensors;
}

} // namespace

static std::vector<Epilogue::Room> roomsOf(const Epilogue &e) {
  std::vector<Epilogue::Room> rooms;
  const auto add = [&](Reach reach, numerics::ElementType type, bool moved) {
    for (Epilogue::Room &room : rooms)
      if (room.reach == reach && room.type == type && room.moved == moved)
        return void(++room.count);
    rooms.push_back({reach, type, moved, 1});
  };
  for (const Rings::Ring &ring : e.rings.rings)
    add(ring.reach, ring.type, ring.moved);
  for (size_t reg = 0; reg < e.program.registers.size(); ++reg) {
    const Register &r = e.program.registers[reg];
    const bool isComputed =
        std::any_of(e.program.operations.begin(), e.program.operations.end(),
                    [&](const VectorOperation &operation) { return operation.to == static_cast<int>(reg); });
    if (r.operand >= 0 || (isComputed && r.reach != Reach::Matrix))
      add(r.reach, r.type, true);
  }
  return rooms;
}

std::optional<Epilogue> epilogueIn(const Unit &unit, const std::vector<const Part *> &products) {
  const int product = products.front()->results.front();
  const Value &made = unit.values[product];
  const std::vector<bool> before = partsBefore(unit, products);
  Unit rest = unit;
  rest.parts.clear();
  for (size_t i = 0; i < unit.parts.size(); ++i)
    if (!before[i] && std::count(products.begin(), products.end(), &unit.parts[i]) == 0)
      rest.parts.push_back(unit.parts[i]);
  std::optional<VectorProgram> program = vectorProgramIn(rest);
  if (!program || !isForTiles(*program))
    return std::nullopt;
  Epilogue e;
  e.program = std::move(*program);
  const auto read = std::find_if(e.program.registers.begin(), e.program.registers.end(),
                                 [&](const Register &r) { return r.operand == product; });
  if (read == e.program.registers.end() || read->reach != Reach::Matrix)
    return std::nullopt;
  read->operand = -1;
  if (made.kind == Value::Kind::Result)
    read->results.insert(read->results.begin(), product);
  e.product = static_cast<int>(read - e.program.registers.begin());
  e.tensors = tensorsOf(e.program, unit);
  for (const Epilogue::Tensor &tensor : e.tensors)
    if (unit.values[tensor.value].shape != shapeOf(e.reachOf(tensor), made.shape))
      return std::nullopt;
  for (const VectorOperation &operation : e.program.operations) {
    const int lies = operation.reduces ? operation.inputs.front() : operation.to;
    (e.program.registers[lies].reach == Reach::Matrix ? e.tile : e.once).push_back(operation);
  }
  VectorOperation making;
  making.to = e.product;
  LoopWork work = {&making};
  for (const VectorOperation &operation : e.tile)
    work.push_back(&operation);
  e.rings = assignRings(e.program, work);
  e.rings.rings[e.rings.ringOf(e.product)].moved = true;
  e.rooms = roomsOf(e);
  return e;
}

double Epilogue::cycles(const ChipLimits &limits, int64_t elements, int64_t chunks) const {
  double cycles = 0;
  for (const VectorOperation &operation : tile)
    if (operation.firstRows == 0)
      cycles += double(elements) / double(limits.lanes) +
                double(limits.vectorStartupCycles) * double(operation.reduces ? chunks : 1);
  return cycles;
}

void EpilogueWriter::declareTensors(const std::vector<int64_t> &shape) {
  for (const Epilogue::Tensor &tensor : e.tensors)
    tensors.push_back(b.tensor(tensor.value, shapeOf(e.reachOf(tensor), shape), tensor.type));
}

void EpilogueWriter::begin(const Columns &columns) {
  const auto alloc = [&](int reg, const char *name) {
    const Register &r = p.registers[reg];
    Buffer buffer{name, {1, 1, 1, 1}, columns.room.slots};
    if (r.reach == Reach::Columns)
      buffer.shape = columns.room.shape;
    buffer.type = r.type;
    places[reg] = {b.alloc(buffer), 0, {0, 0, 0, r.reach == Reach::Columns ? 1 : 0}};
  };
  const auto isVector = [&](int reg) { return p.registers[reg].reach != Reach::Matrix; };
  for (const Epilogue::Tensor &tensor : e.tensors)
    if (!tensor.isResult && isVector(tensor.reg)) {
      const bool isScalar = e.reachOf(tensor) == Reach::Scalar;
      alloc(tensor.reg, isScalar ? "scalar" : "channels");
      b.load(tensorOf(tensor), {0, 0, 0, isScalar ? Affine() : columns.first},
             {1, 1, 1, isScalar ? Extent(1) : columns.extent}, places[tensor.reg]);
    }
  for (const VectorOperation &operation : e.once) {
    alloc(operation.to, "temporary");
    map(operation, {1, 1, 1, p.registers[operation.to].reach == Reach::Scalar ? Extent(1) : columns.extent},
        0);
  }
  for (const VectorOperation &operation : e.tile)
    if (operation.reduces)
      alloc(operation.to, "total");
}

void EpilogueWriter::loadTile(const Buffer &room, const Tile &tile) {
  for (const Epilogue::Tensor &tensor : e.tensors)
    if (!tensor.isResult && e.reachOf(tensor) == Reach::Matrix) {
      Buffer buffer = room;
      buffer.name = "operand";
      buffer.type = p.registers[tensor.reg].type;
      places[tensor.reg] = b.whole(b.alloc(buffer));
      b.load(tensorOf(tensor), tile.at, tile.box, places[tensor.reg]);
    }
}

int EpilogueWriter::allocTile(const Buffer &room) {
  std::vector<View> views;
  for (const Rings::Ring &ring : e.rings.rings) {
    Buffer buffer = room;
    buffer.name = ring.moved ? "result" : "temporary";
    buffer.slots = ring.moved ? room.slots : 1;
    buffer.type = ring.type;
    views.push_back(b.whole(b.alloc(buffer)));
  }
  for (auto [reg, ring] : e.rings.registers)
    places[reg] = views[ring];
  return places[e.product].buffer;
}

View EpilogueWriter::view(int reg, const Affine &column) const {
  View view = places[reg];
  if (p.registers[reg].reach == Reach::Columns)
    view.offset += column;
  return view;
}

void EpilogueWriter::map(const VectorOperation &operation, const Box4 &box, const Affine &column) {
  std::vector<View> inputs;
  for (int input : operation.inputs)
    inputs.push_back(view(input, column));
  b.map(operation.function, box, view(operation.to, column), inputs, operation.immediate);
}

void EpilogueWriter::sum(const VectorOperation &operation, const Tile &tile, int64_t chunks,
                         int64_t chunkRows, const Affine &number) {
  const View input = places[operation.inputs.front()];
  const int64_t pitch = input.strides[2];
  Reduce sum;
  sum.box = {1, 1, chunkRows, tile.box[3]};
  sum.dimension = 2;
  sum.to = view(operation.to, tile.column);
  sum.input = {input.buffer, 0, {0, 0, pitch, 1}};
  if (operation.firstRows > 0)
    return b.add(sumOfFirst(std::move(sum), operation.firstRows, number));
  b.loop(chunks, [&](const Affine &chunk) {
    Reduce part = sum;
    part.input.offset = chunk * (chunkRows * pitch);
    part.accumulate = number + chunk;
    b.add(std::move(part));
  });
}

void EpilogueWriter::apply(const Tile &tile, int64_t chunks, int64_t chunkRows, const Affine &number) {
  for (const VectorOperation &operation : e.tile)
    if (operation.reduces)
      sum(operation, tile, chunks, chunkRows, number);
    else
      map(operation, tile.box, tile.column);
}

void EpilogueWriter::store(const Tile &tile) {
  for (const Epilogue::Tensor &tensor : e.tensors)
    if (tensor.isResult && e.reachOf(tensor) == Reach::Matrix)
      b.store(places[tensor.reg], tensorOf(tensor), tile.at, tile.box);
}

void EpilogueWriter::end(const Columns &columns) {
  for (const Epilogue::Tensor &tensor : e.tensors) {
    const bool isScalar = e.reachOf(tensor) == Reach::Scalar;
    if (tensor.isResult && e.reachOf(tensor) != Reach::Matrix)
      b.store(places[tensor.reg], tensorOf(tensor), {0, 0, 0, isScalar ? Affine() : columns.first},
              {1, 1, 1, isScalar ? Extent(1) : columns.extent});
  }
}

} // namespace arsis::schedule
