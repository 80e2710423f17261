// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Pes.h. Operands move to the right and down, sums stay until they are complete and then move down from
// buffer to buffer.
#include "simulator/base/Context.h"
#include "tests/fidelity/pe/Parts.h"

#include <algorithm>
#include <memory>

namespace arsis::fidelity {
namespace {

struct Left {
  bool valid = false;
  int16_t value = 0;
  int columns = 0; // that it still enters, this one included
  bool operator==(const Left &o) const {
    return valid == o.valid && value == o.value && columns == o.columns;
  }
};
/// With the right factor comes what becomes of the sum.
struct Right {
  bool valid = false, first = false, last = false;
  int16_t value = 0;
  int rows = 0;  // that it still enters, this one included
  int depth = 0; // rows that the sum passes on its way out, this one included
  bool operator==(const Right &o) const {
    return valid == o.valid && first == o.first && last == o.last && value == o.value && rows == o.rows &&
           depth == o.depth;
  }
};
struct Moving {
  bool valid = false;
  uint32_t value = 0;
  int depth = 0;
  bool operator==(const Moving &o) const { return valid == o.valid && value == o.value && depth == o.depth; }
};
template <class Token> std::ostream &operator<<(std::ostream &out, const Token &token) {
  return out << token.valid;
}

class Pe : public sc_core::sc_module {
public:
  sc_core::sc_signal<Left> *leftFrom = nullptr;
  sc_core::sc_signal<Right> *rightFrom = nullptr;
  sc_core::sc_signal<Moving> *sumFrom = nullptr; // null in the first row
  sc_core::sc_signal<Left> leftOut;
  sc_core::sc_signal<Right> rightOut;
  sc_core::sc_signal<Moving> sumOut;

  Pe(const sc_core::sc_module_name &name, Bench &bench, const Shape &shape, int column)
      : sc_module(name), bench(bench), column(column), stages(static_cast<size_t>(shape.latency - 1)) {
    SC_HAS_PROCESS(Pe);
    SC_METHOD(step);
    sensitive << bench.tick;
    dont_initialize();
  }

private:
  struct Step {
    Right right; // no value
    uint32_t product = 0;
  };

  void step() {
    moveOut();
    accumulate();
  }

  void accumulate() {
    const Left left = leftFrom->read();
    const Right right = rightFrom->read();
    bench.require(left.valid == right.valid, "an operand without its partner");
    stages.push_back({right, static_cast<uint32_t>(int32_t(left.value) * int32_t(right.value))});
    const Step now = stages.front();
    stages.pop_front();
    if (now.right.valid)
      sum = (now.right.first ? 0 : sum) + now.product;
    complete = now.right.valid && now.right.last;
    waits = now.right.rows - 1;
    depth = now.right.depth;
    leftOut.write(left.valid && left.columns > 1 ? Left{true, left.value, left.columns - 1} : Left());
    Right on = right;
    --on.rows;
    --on.depth;
    rightOut.write(right.valid && right.rows > 1 ? on : Right());
  }

  /// The buffer: what was in it leaves or waits, and at most one sum comes.
  void moveOut() {
    const Moving above = sumFrom ? sumFrom->read() : Moving();
    Moving next;
    int wait = 0;
    if (buffer.valid && bufferWaits > 0) {
      next = buffer;
      wait = bufferWaits - 1;
    } else if (buffer.valid && buffer.depth == 1) {
      bench.arrives(column, buffer.value);
    }
    if (above.valid && above.depth > 1) {
      bench.require(!next.valid, "a sum from above overwrites one that waits");
      next = {true, above.value, above.depth - 1};
    }
    if (complete) { // waits until the lowest row, one cycle later for each row in between, has its sum too
      bench.require(!next.valid, "a finished sum overwrites another");
      next = {true, sum, depth};
      wait = waits;
    }
    buffer = next;
    bufferWaits = wait;
    sumOut.write(buffer.valid && bufferWaits == 0 ? buffer : Moving());
  }

  Bench &bench;
  const int column;
  std::deque<Step> stages;
  uint32_t sum = 0;
  bool complete = false; // the sum, since this cycle
  int waits = 0, depth = 0;
  Moving buffer;
  int bufferWaits = 0;
};

/// A tile enters as soon as every sum of it will find its buffer and the port free.
class Sequencer : public sc_core::sc_module {
public:
  Sequencer(const sc_core::sc_module_name &name, Bench &bench, const Shape &shape, const Program &program,
            const Early &early)
      : sc_module(name), bench(bench), shape(shape), program(program), early(early) {
    for (const Tile &tile : program.tiles)
      left += size_t(tile.m) * size_t(tile.n);
    SC_HAS_PROCESS(Sequencer);
    SC_METHOD(step);
    sensitive << bench.tick;
  }

  std::vector<Delay<Left>> lefts;   // of each row
  std::vector<Delay<Right>> rights; // of each column

private:
  void step() {
    feed(bench.cycle());
    bench.goOn(left);
  }

  /// In column 0: the cycle at whose end the sum of the lowest row of a tile that begins in `begin` is moved
  /// to its buffer; those of the rows above are moved one cycle earlier each, and all of them move on
  /// together, that of row r being in the buffer of row r + j after j cycles.
  int64_t buffered(const Tile &tile, int64_t begin) const {
    return begin + tile.k - 1 + shape.latency + tile.m - 1;
  }

  bool fits(const Tile &tile, int64_t begin) const {
    for (int r = 0; r < std::min(tile.m, depth); ++r) {
      const int64_t comes = buffered(tile, begin) - (tile.m - 1 - r), leaves = buffersMove + r + 1;
      if (comes + early.tile < leaves)
        return false;
    }
    return true;
  }

  void feed(int64_t now) {
    const bool any = at < program.tiles.size();
    const Tile tile = any ? program.tiles[at] : Tile{};
    if (any && !begun && (at == 0 || fits(tile, now)))
      begin(tile, now);
    for (int r = 0; r < shape.rows; ++r) {
      const bool enters = begun && r < tile.m;
      lefts[r].push(enters ? Left{true, program.x[at][r][k], tile.n} : Left());
    }
    for (int c = 0; c < shape.columns; ++c) {
      const bool enters = begun && c < tile.n;
      rights[c].push(enters ? Right{true, k == 0, k == tile.k - 1, program.w[at][k][c], tile.m, depth}
                            : Right());
    }
    if (!begun || ++k < tile.k)
      return;
    begun = false;
    k = 0;
    ++at;
  }

  void begin(const Tile &tile, int64_t now) {
    begun = true;
    bench.record.feeds.push_back(now);
    const int64_t portUsed = at == 0 ? -1 : buffersMove + depth, moves = buffered(tile, now);
    depth = tile.m;
    while (moves + 1 + depth - tile.m <= portUsed)
      ++depth;
    buffersMove = moves;
  }

  Bench &bench;
  const Shape shape;
  const Program &program;
  const Early early;
  size_t left = 0;
  size_t at = 0;
  int k = 0, depth = 0;
  bool begun = false;
  int64_t buffersMove = 0; // those of column 0, of the last tile that began
};

} // namespace

PeRecord simulatedOutputStationary(const Shape &shape, const Program &program, const Early &early) {
  PeRecord record;
  sim::Context context;
  {
    Bench bench(record);
    Sequencer sequencer("sequencer", bench, shape, program, early);
    std::vector<sc_core::sc_signal<Left>> west(static_cast<size_t>(shape.rows));
    std::vector<sc_core::sc_signal<Right>> north(static_cast<size_t>(shape.columns));
    std::vector<std::vector<std::unique_ptr<Pe>>> pes(static_cast<size_t>(shape.rows));
    for (int r = 0; r < shape.rows; ++r)
      for (int c = 0; c < shape.columns; ++c) {
        pes[r].push_back(std::make_unique<Pe>(sc_core::sc_gen_unique_name("pe"), bench, shape, c));
        Pe &pe = *pes[r][c];
        pe.leftFrom = c > 0 ? &pes[r][c - 1]->leftOut : &west[r];
        pe.rightFrom = r > 0 ? &pes[r - 1][c]->rightOut : &north[c];
        pe.sumFrom = r > 0 ? &pes[r - 1][c]->sumOut : nullptr;
      }
    for (int r = 0; r < shape.rows; ++r)
      sequencer.lefts.emplace_back(west[r], r);
    for (int c = 0; c < shape.columns; ++c)
      sequencer.rights.emplace_back(north[c], c);
    context.run();
  }
  std::sort(record.sums.begin(), record.sums.end());
  return record;
}

} // namespace arsis::fidelity
