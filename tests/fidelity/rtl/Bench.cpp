// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The test bench of the RTL: `bench PROGRAMS RECORDS` runs each program of a file on the array after a reset
// and writes what left it, and when.
#include "Varrays.h"

#include "tests/fidelity/Programs.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace arsis::fidelity {
namespace {

constexpr int kQuietCycles = 8; // after the last sum, in which nothing may come
constexpr int64_t kMostCycles = 100000;

class Bench {
public:
  Record weightStationary(const Program &program, int banks) {
    begin();
    const Streams streams = streamsOf(program, banks);
    return run(program, top->ws_valid, top->ws_sums, [&] {
      const size_t load = top->load_index, product = top->product_index;
      top->load_valid = load < streams.loads.size();
      if (top->load_valid) {
        const Load &l = streams.loads[load];
        top->load_k = l.k, top->load_n = l.n, top->load_bank = l.bank, top->load_after = l.after;
      }
      top->product_valid = product < streams.products.size();
      if (top->product_valid) {
        const Product &p = streams.products[product];
        top->product_k = p.k, top->product_n = p.n, top->product_m = p.m, top->product_bank = p.bank;
        top->product_loads = p.loads;
      }
      top->eval();
      if (top->load_now) {
        const Load &l = streams.loads[load];
        for (int c = 0; c < l.n; ++c)
          top->load_w[c] = static_cast<uint16_t>(program.w[l.tile][l.k - 1 - top->load_row][c]);
        if (top->load_row == 0)
          record.loads.push_back(cycle);
      }
      if (top->feed_now) {
        for (int r = 0; r < streams.products[product].k; ++r)
          top->feed_x[r] = static_cast<uint16_t>(program.x[product][top->feed_row][r]);
        if (top->feed_row == 0)
          record.feeds.push_back(cycle);
      }
    });
  }

  Record outputStationary(const Program &program) {
    begin();
    return run(program, top->os_valid, top->os_sums, [&] {
      const size_t at = top->tile_index;
      top->tile_valid = at < program.tiles.size();
      if (top->tile_valid)
        top->tile_m = program.tiles[at].m, top->tile_n = program.tiles[at].n,
        top->tile_k = program.tiles[at].k;
      top->eval();
      if (!top->step_now)
        return;
      for (int r = 0; r < program.tiles[at].m; ++r)
        top->step_x[r] = static_cast<uint16_t>(program.x[at][r][top->step]);
      for (int c = 0; c < program.tiles[at].n; ++c)
        top->step_w[c] = static_cast<uint16_t>(program.w[at][top->step][c]);
      if (top->step == 0)
        record.feeds.push_back(cycle);
    });
  }

private:
  void begin() {
    record = {};
    top->load_valid = top->product_valid = top->tile_valid = 0;
    top->reset = 1;
    for (int i = 0; i < 2; ++i)
      edge();
    top->reset = 0;
  }

  void edge() {
    top->clk = 0;
    top->eval();
    top->clk = 1;
    top->eval();
  }

  template <size_t columns, class Drive>
  Record run(const Program &program, const CData (&valid)[columns], const IData (&sums)[columns],
             Drive drive) {
    size_t expected = 0;
    for (const Tile &tile : program.tiles)
      expected += static_cast<size_t>(tile.m) * static_cast<size_t>(tile.n);
    int quiet = 0;
    for (cycle = 0; quiet < kQuietCycles; ++cycle) {
      if (cycle > kMostCycles)
        throw std::runtime_error("the array does not finish");
      top->clk = 0;
      top->eval();
      drive();
      for (size_t c = 0; c < columns; ++c)
        if (valid[c])
          record.sums.push_back({cycle, static_cast<int>(c), sums[c]});
      edge();
      quiet = record.sums.size() < expected ? 0 : quiet + 1;
    }
    std::sort(record.sums.begin(), record.sums.end());
    return record;
  }

  std::unique_ptr<Varrays> top = std::make_unique<Varrays>();
  Record record;
  int64_t cycle = 0;
};

} // namespace
} // namespace arsis::fidelity

int main(int argc, char **argv) {
  using namespace arsis::fidelity;
  if (argc != 3) {
    std::cerr << "usage: bench PROGRAMS RECORDS\n";
    return 2;
  }
  try {
    std::ifstream in(argv[1]);
    std::ofstream out(argv[2]);
    Bench bench;
    int banks; // none: output stationary
    while (in >> banks) {
      const Program program = readProgram(in);
      write(out, banks > 0 ? bench.weightStationary(program, banks) : bench.outputStationary(program));
    }
    return out.good() ? 0 : 1;
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
