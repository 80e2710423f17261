// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Pes.h. Weights move down through the registers of their bank, operands to the right, sums down.
#include "simulator/base/Context.h"
#include "tests/fidelity/pe/Parts.h"

#include <algorithm>
#include <memory>

namespace arsis::fidelity {
namespace {

struct Weight {
  bool valid = false;
  int16_t value = 0;
  int bank = 0;
  int rows = 0; // that it still enters, this one included
  bool operator==(const Weight &o) const {
    return valid == o.valid && value == o.value && bank == o.bank && rows == o.rows;
  }
};
struct Operand {
  bool valid = false;
  int16_t value = 0;
  int bank = 0;
  int columns = 0;   // that it still enters, this one included
  bool last = false; // the sum is complete below this row
  bool operator==(const Operand &o) const {
    return valid == o.valid && value == o.value && bank == o.bank && columns == o.columns && last == o.last;
  }
};
struct Sum {
  bool valid = false, last = false;
  uint32_t value = 0;
  bool operator==(const Sum &o) const { return valid == o.valid && last == o.last && value == o.value; }
};
template <class Token> std::ostream &operator<<(std::ostream &out, const Token &token) {
  return out << token.valid;
}

class Pe : public sc_core::sc_module {
public:
  sc_core::sc_signal<Weight> *weightFrom = nullptr;
  sc_core::sc_signal<Operand> *operandFrom = nullptr;
  sc_core::sc_signal<Sum> *sumFrom = nullptr; // null in the first row
  sc_core::sc_signal<Weight> weightOut;
  sc_core::sc_signal<Operand> operandOut;
  sc_core::sc_signal<Sum> sumOut;

  Pe(const sc_core::sc_module_name &name, Bench &bench, const Shape &shape, int column)
      : sc_module(name), bench(bench), column(column), weights(static_cast<size_t>(shape.banks), 7),
        stages(static_cast<size_t>(shape.latency - 1)) {
    SC_HAS_PROCESS(Pe);
    SC_METHOD(step);
    sensitive << bench.tick;
    dont_initialize();
  }

private:
  void step() {
    const Operand operand = operandFrom->read();
    const Sum above = sumFrom ? sumFrom->read() : Sum();
    Sum sum;
    if (operand.valid) {
      bench.require(!sumFrom || (above.valid && !above.last), "an operand without a sum from above");
      sum = {true, operand.last,
             above.value + static_cast<uint32_t>(int32_t(operand.value) * int32_t(weights[operand.bank]))};
    } else {
      bench.require(!above.valid || above.last, "a sum without an operand");
    }
    stages.push_back(sum);
    sumOut.write(stages.front());
    if (stages.front().last)
      bench.arrives(column, stages.front().value);
    stages.pop_front();

    Operand on = operand;
    on.valid = operand.valid && operand.columns > 1;
    --on.columns;
    operandOut.write(on.valid ? on : Operand());

    const Weight weight = weightFrom->read();
    if (weight.valid)
      weights[weight.bank] = weight.value;
    weightOut.write(weight.valid && weight.rows > 1 ? Weight{true, weight.value, weight.bank, weight.rows - 1}
                                                    : Weight());
  }

  Bench &bench;
  const int column;
  std::vector<int16_t> weights; // of each bank
  std::deque<Sum> stages;
};

/// Decides in every cycle what enters. Loads and products are taken in order, a load no earlier than the
/// products before it.
class Sequencer : public sc_core::sc_module {
public:
  Sequencer(const sc_core::sc_module_name &name, Bench &bench, const Shape &shape, const Program &program,
            const Early &early)
      : sc_module(name), bench(bench), shape(shape), program(program), early(early),
        streams(streamsOf(program, shape.banks)), users(static_cast<size_t>(shape.banks)) {
    for (const Product &product : streams.products)
      left += size_t(product.m) * size_t(product.n);
    SC_HAS_PROCESS(Sequencer);
    SC_METHOD(step);
    sensitive << bench.tick;
  }

  std::vector<Delay<Weight>> weights;   // of each column
  std::vector<Delay<Operand>> operands; // of each row

private:
  /// The last product that used a bank.
  struct User {
    int k = 0;
    int64_t enters = 0; // its last row
  };

  void step() {
    const int64_t now = bench.cycle();
    feed(now);
    load(now);
    bench.goOn(left);
  }

  void feed(int64_t now) {
    const bool any = product < streams.products.size();
    const Product p = any ? streams.products[product] : Product{};
    if (any && !begun && inPlace() >= p.loads)
      begin(p, now);
    for (int r = 0; r < shape.rows; ++r) {
      Operand operand;
      if (begun && r < depth) // rows below those of the weights pass sums on
        operand = {true, r < p.k ? program.x[product][row][r] : int16_t(0), p.bank, p.n, r == depth - 1};
      operands[r].push(operand);
    }
    if (!begun || ++row < p.m)
      return;
    lastSum = now + int64_t(depth) * shape.latency;
    begun = false;
    row = 0;
    ++product;
  }

  void begin(const Product &p, int64_t now) {
    begun = true;
    bench.record.feeds.push_back(now);
    users[p.bank] = {p.k, now + p.m - 1};
    depth = p.k;
    while (now + int64_t(depth) * shape.latency <= lastSum)
      ++depth;
  }

  /// Loads whose weights are all in their rows.
  int inPlace() const {
    return int(loads) + (loading && pushed + early.product >= streams.loads[loads].k ? 1 : 0);
  }

  /// No row is reached by new weights while an operand that needs the old ones is yet to come.
  bool replaceable(const User &user, int64_t now) const {
    for (int r = 0; r < user.k; ++r)
      if (now + early.load + r <= user.enters + int64_t(r) * shape.latency)
        return false;
    return true;
  }

  void load(int64_t now) {
    const bool any = loads < streams.loads.size();
    const Load l = any ? streams.loads[loads] : Load{};
    const int begunProducts = int(product) + (begun ? 1 : 0);
    if (any && !loading && begunProducts >= l.after && replaceable(users[l.bank], now)) {
      loading = true;
      bench.record.loads.push_back(now);
    }
    for (int c = 0; c < shape.columns; ++c) {
      Weight weight;
      if (loading && c < l.n) // the lowest row first
        weight = {true, program.w[l.tile][l.k - 1 - pushed][c], l.bank, l.k - pushed};
      weights[c].push(weight);
    }
    if (!loading || ++pushed < l.k)
      return;
    loading = false;
    pushed = 0;
    ++loads;
  }

  Bench &bench;
  const Shape shape;
  const Program &program;
  const Early early;
  const Streams streams;
  size_t left = 0;
  std::vector<User> users;       // of each bank
  size_t product = 0, loads = 0; // the next ones, or those under way
  int row = 0, pushed = 0, depth = 0;
  bool begun = false, loading = false;
  int64_t lastSum = -1; // at the port of column 0
};

} // namespace

PeRecord simulatedWeightStationary(const Shape &shape, const Program &program, const Early &early) {
  PeRecord record;
  sim::Context context;
  {
    Bench bench(record);
    Sequencer sequencer("sequencer", bench, shape, program, early);
    std::vector<sc_core::sc_signal<Weight>> top(static_cast<size_t>(shape.columns));
    std::vector<sc_core::sc_signal<Operand>> left(static_cast<size_t>(shape.rows));
    std::vector<std::vector<std::unique_ptr<Pe>>> pes(static_cast<size_t>(shape.rows));
    for (int r = 0; r < shape.rows; ++r)
      for (int c = 0; c < shape.columns; ++c) {
        pes[r].push_back(std::make_unique<Pe>(sc_core::sc_gen_unique_name("pe"), bench, shape, c));
        Pe &pe = *pes[r][c];
        pe.weightFrom = r > 0 ? &pes[r - 1][c]->weightOut : &top[c];
        pe.operandFrom = c > 0 ? &pes[r][c - 1]->operandOut : &left[r];
        pe.sumFrom = r > 0 ? &pes[r - 1][c]->sumOut : nullptr;
      }
    for (int c = 0; c < shape.columns; ++c)
      sequencer.weights.emplace_back(top[c], c);
    for (int r = 0; r < shape.rows; ++r)
      sequencer.operands.emplace_back(left[r], r * shape.latency);
    context.run();
  }
  std::sort(record.sums.begin(), record.sums.end());
  return record;
}

} // namespace arsis::fidelity
