// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of vector work: scalars first, then for each tile of columns what has one element per column,
// and one loop over the tiles of rows per stage; all of it once for every index of the outer dimensions. All
// is a view of one four-dimensional box (1, 1, rows, columns).
#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/Rings.h"
#include "compiler/Schedule/Vector.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

constexpr int kNone = -1;

class Writer {
public:
  using Keeps = LayoutBuilder::Keeps;

  Writer(const VectorSpace &space, const VectorTiling &tiling, Layout &layout, Keeps keeps = Keeps::All)
      : p(space.program), space(space), l(tiling), b(layout, keeps), tensors(space.unit.values.size(), kNone),
        places(p.registers.size()) {}

  void write() {
    declareTensors();
    outerIndices.resize(p.outer.size());
    overOuter(0);
  }

private:
  void overOuter(size_t dimension) {
    if (dimension == p.outer.size())
      return writeOnce();
    b.loop(p.outer[dimension], [&](const Affine &index) {
      outerIndices[dimension] = index;
      overOuter(dimension + 1);
    });
  }

  void writeOnce() {
    forOperands(Reach::Scalar, kNone, [&](int reg) { loadWhole(reg); });
    compute(Reach::Scalar, 0);
    std::vector<int> scalars;
    std::swap(scalars, late);
    b.loop(l.columnTiles, [&](const Affine &column) {
      columnStart = column * l.columns;
      forOperands(Reach::Columns, kNone, [&](int reg) { loadWhole(reg); });
      if (l.resident)
        for (int reg : space.readAgain)
          allocAllRows(reg);
      for (int stage = 0; stage < p.stages; ++stage) {
        if (stage > 0)
          compute(Reach::Scalar, stage);
        compute(Reach::Columns, stage);
        writeRows(stage);
      }
      storeLate();
    });
    late = std::move(scalars);
    storeLate();
  }

  bool isInRows(int reg) const {
    return p.registers[reg].reach == Reach::Rows || p.registers[reg].reach == Reach::Matrix;
  }
  /// Runs inside of the loop over rows.
  bool isInLoop(const VectorOperation &operation) const {
    return sumsRows(operation) || isInRows(operation.to);
  }

  void declareTensors() {
    for (size_t value = 0; value < tensors.size(); ++value) {
      const bool used = std::any_of(p.registers.begin(), p.registers.end(), [&](const Register &r) {
        return r.operand == int(value) ||
               std::find(r.results.begin(), r.results.end(), int(value)) != r.results.end();
      });
      if (used)
        tensors[value] = b.tensor(static_cast<int>(value), shapeOf(static_cast<int>(value)),
                                  space.unit.values[value].type);
    }
  }

  const Register &registerOf(int value) const {
    return *std::find_if(p.registers.begin(), p.registers.end(), [&](const Register &r) {
      return r.operand == value || std::find(r.results.begin(), r.results.end(), value) != r.results.end();
    });
  }
  /// The dimensions that a register has: what `outer`, `rows` and `columns` say of them.
  template <class T, class Outer>
  std::vector<T> ofDimensions(const Register &r, const Outer &outer, const T &rows, const T &columns) const {
    std::vector<T> all;
    for (size_t d = 0; d < p.outer.size(); ++d)
      if (r.outer >> d & 1)
        all.push_back(outer[d]);
    if (r.reach == Reach::Rows || r.reach == Reach::Matrix)
      all.push_back(rows);
    if (r.reach == Reach::Columns || r.reach == Reach::Matrix)
      all.push_back(columns);
    return all;
  }
  std::vector<int64_t> shapeOf(int value) const {
    return ofDimensions(registerOf(value), p.outer, p.rows, p.columns);
  }
  /// Where in its tensor the tile of a register begins.
  std::array<Affine, 4> startOf(const Register &r) const {
    std::array<Affine, 4> start;
    const std::vector<Affine> own = ofDimensions(r, outerIndices, rowStart(), columnStart);
    std::copy_backward(own.begin(), own.end(), start.end());
    return start;
  }

  /// The registers of operands of one reach, in the order of the values; of those that `stage` reads.
  template <class Work> void forOperands(Reach reach, int stage, Work work) {
    for (size_t value = 0; value < tensors.size(); ++value)
      for (size_t reg = 0; reg < p.registers.size(); ++reg) {
        const Register &r = p.registers[reg];
        if (r.operand != int(value) || r.reach != reach)
          continue;
        const std::vector<int> stages = p.readers(static_cast<int>(reg));
        if (stage == kNone || std::find(stages.begin(), stages.end(), stage) != stages.end())
          work(static_cast<int>(reg));
      }
  }

  Affine rowStart() const { return rowIndex * l.rows; }
  Extent rowExtent() const { return b.extent(l.rows, p.rows, rowStart()); }
  Extent columnExtent() const { return b.extent(l.columns, p.columns, columnStart); }
  Box4 boxOf(Reach reach) const {
    return {1, 1, reach == Reach::Rows || reach == Reach::Matrix ? rowExtent() : Extent(1),
            reach == Reach::Columns || reach == Reach::Matrix ? columnExtent() : Extent(1)};
  }

  /// A new ring, and the view that aligns it with a tile.
  View alloc(const char *name, Reach reach, int64_t slots, numerics::ElementType type) {
    Buffer buffer;
    buffer.name = name;
    buffer.slots = slots;
    buffer.type = type;
    Shape4 strides{};
    if (reach == Reach::Columns || reach == Reach::Matrix) {
      buffer.shape[3] = l.columns;
      strides[3] = 1;
    }
    if (reach == Reach::Rows || reach == Reach::Matrix) {
      buffer.shape[2] = l.rows;
      strides[2] = buffer.shape[3];
    }
    if (reach == Reach::Matrix)
      strides = rowMajorStrides(buffer.shape);
    return {b.alloc(buffer), 0, strides};
  }
  int64_t slotsOf(Reach reach, bool moved) const {
    if (reach == Reach::Columns)
      return l.columnTiles * p.runs() > 1 ? 2 : 1;
    return reach != Reach::Scalar && moved ? l.slots : 1;
  }

  void loadWhole(int reg) {
    const Reach reach = p.registers[reg].reach;
    places[reg] = alloc(reach == Reach::Scalar ? "scalar" : "channels", reach, slotsOf(reach, true),
                        p.registers[reg].type);
    if (b.keeps == Keeps::All)
      b.load(tensors[p.registers[reg].operand], startOf(p.registers[reg]), boxOf(reach), places[reg]);
  }

  void loadTile(int reg, int stage) {
    const Register &r = p.registers[reg];
    if (r.reach == Reach::Rows) { // dense, then a broadcast along the columns
      places[reg] = alloc("rows", r.reach, slotsOf(r.reach, true), r.type);
      if (b.keeps == Keeps::All)
        b.load(tensors[r.operand], startOf(r), {1, 1, 1, rowExtent()}, {places[reg].buffer, 0, {0, 0, 0, 1}});
      return;
    }
    if (isResident(reg)) { // each tile is loaded once, and waits for none of the others
      places[reg].offset = rowStart() * l.columns;
      if (p.readers(reg).front() == stage)
        b.add(Load{tensors[r.operand], startOf(r), boxOf(r.reach), places[reg], 0, true});
      return;
    }
    places[reg] = alloc("operand", r.reach, slotsOf(r.reach, true), r.type);
    if (b.keeps == Keeps::All)
      b.load(tensors[r.operand], startOf(r), boxOf(r.reach), places[reg]);
  }

  bool isResident(int reg) const {
    return l.resident &&
           std::find(space.readAgain.begin(), space.readAgain.end(), reg) != space.readAgain.end();
  }
  void allocAllRows(int reg) {
    Buffer buffer;
    buffer.name = "resident rows";
    buffer.shape = {1, 1, l.rows * l.rowTiles, l.columns};
    buffer.slots = l.columnTiles * p.runs() > 1 ? l.slots : 1;
    buffer.type = p.registers[reg].type;
    places[reg] = b.whole(b.alloc(buffer));
  }

  void store(int reg) {
    if (b.keeps == Keeps::Buffers)
      return;
    const Register &r = p.registers[reg];
    for (int value : r.results)
      if (r.reach == Reach::Rows)
        b.store({places[reg].buffer, 0, {0, 0, 0, 1}}, tensors[value], startOf(r), {1, 1, 1, rowExtent()});
      else
        b.store(places[reg], tensors[value], startOf(r), boxOf(r.reach));
  }

  /// What a stage computes once, before its loop over rows: all of one reach.
  void compute(Reach reach, int stage) {
    for (const VectorOperation &operation : p.operations)
      if (operation.stage == stage && !isInLoop(operation) && p.registers[operation.to].reach == reach) {
        places[operation.to] =
            alloc("temporary", reach, slotsOf(reach, true), p.registers[operation.to].type);
        apply(operation);
        late.push_back(operation.to);
      }
  }
  /// Vectors and scalars leave behind the tiles: a store in front of a loop of stores is one that the first
  /// iterations wait for, since a wait counts back from the iteration that it is in.
  void storeLate() {
    for (int reg : late)
      store(reg);
    late.clear();
  }

  void writeRows(int stage) {
    LoopWork work;
    for (const VectorOperation &operation : p.operations)
      if (operation.stage == stage && isInLoop(operation))
        work.push_back(&operation);
    if (work.empty())
      return;
    for (const VectorOperation *operation : work)
      if (sumsRows(*operation) && !isInRows(operation->to))
        places[operation->to] =
            alloc("total", p.registers[operation->to].reach, slotsOf(p.registers[operation->to].reach, true),
                  numerics::ElementType::F32);
    const Rings rings = assignRings(p, work);
    b.loop(l.rowTiles, [&](const Affine &row) {
      rowIndex = row;
      forOperands(Reach::Matrix, stage, [&](int reg) { loadTile(reg, stage); });
      forOperands(Reach::Rows, stage, [&](int reg) { loadTile(reg, stage); });
      allocRings(rings);
      for (const VectorOperation *operation : work)
        apply(*operation);
      for (int reg : storedIn(p, work))
        store(reg);
    });
    rowIndex = 0;
    for (const VectorOperation *operation : work)
      if (sumsRows(*operation))
        late.push_back(operation->to);
  }

  void allocRings(const Rings &assignment) {
    std::vector<View> views(assignment.rings.size());
    for (bool moved : {false, true})
      for (size_t i = 0; i < views.size(); ++i)
        if (assignment.rings[i].moved == moved)
          views[i] = alloc(moved ? "result" : "temporary", assignment.rings[i].reach,
                           slotsOf(assignment.rings[i].reach, moved), assignment.rings[i].type);
    for (auto [reg, ring] : assignment.registers)
      places[reg] = views[ring];
  }

  void apply(const VectorOperation &operation) {
    if (b.keeps == Keeps::Buffers)
      return;
    if (operation.reduces) {
      const int input = operation.inputs[0];
      Reduce reduce;
      reduce.function = operation.reduction;
      reduce.box = boxOf(p.registers[input].reach);
      reduce.dimension = operation.overRows ? 2 : 3;
      reduce.to = places[operation.to];
      reduce.input = places[input];
      if (!operation.overRows)
        return b.add(std::move(reduce));
      if (operation.firstRows > 0)
        return b.add(sumOfFirst(std::move(reduce), operation.firstRows, rowIndex));
      const int64_t chunks = ceilDiv(l.rows, l.chunk);
      b.loop(chunks, [&](const Affine &chunk) {
        Reduce part = reduce;
        if (chunks > 1)
          part.box[2] = b.extent(l.chunk, p.rows, rowStart() + chunk * l.chunk, l.rows);
        part.input.offset += chunk * (l.chunk * part.input.strides[2]);
        part.accumulate = rowIndex * chunks + chunk;
        b.add(std::move(part));
      });
      return;
    }
    std::vector<View> inputs;
    for (int input : operation.inputs)
      inputs.push_back(places[input]);
    b.map(operation.function, boxOf(p.registers[operation.to].reach), places[operation.to], inputs,
          operation.immediate);
  }

  const VectorProgram &p;
  const VectorSpace &space;
  const VectorTiling &l;
  LayoutBuilder b;
  Affine rowIndex, columnStart;
  std::vector<Affine> outerIndices;
  std::vector<int> tensors; // of each value
  std::vector<View> places; // of each register
  std::vector<int> late;    // registers to be stored behind all loops over rows
};

} // namespace

std::vector<Buffer> VectorSpace::buffersOf(const Choice &choice) const {
  Layout layout;
  const VectorTiling l = tiling(choice);
  Writer(*this, l, layout, LayoutBuilder::Keeps::Buffers).write();
  return std::move(layout.buffers);
}

Layout VectorSpace::layout(const Choice &choice) const {
  Layout layout;
  const VectorTiling l = tiling(choice);
  Writer(*this, l, layout).write();
  return layout;
}

} // namespace arsis::schedule
