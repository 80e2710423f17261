// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the three descriptions of an array are given and what they answer: a program of tiles with integer
// operands, and the cycle, column and value of every sum that leaves the array.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <vector>

namespace arsis::fidelity {

struct Shape {
  int rows, columns;
  int latency;   // pipeline of a PE, cycles
  int banks = 2; // of weights
};

/// Weight stationary: m rows through k x n weights, which are loaded first unless those of the tile before
/// stay; ahead of the product of the tile before if so said, which takes two banks. Output stationary: m x n
/// sums of k products each.
struct Tile {
  int k, n, m;
  bool loads = true, ahead = false;
};

using Matrix = std::vector<std::vector<int16_t>>;

/// x: m x k of each tile; w: k x n of each tile, those in use where it loads none.
struct Program {
  std::vector<Tile> tiles;
  std::vector<Matrix> x, w;
};

/// Weight stationary: streams as an array sees them, in order.
struct Load {
  int k, n, bank;
  int after; // products that have begun before it may
  int tile;
};
struct Product {
  int k, n, m, bank;
  int loads; // that are in place before it may begin
};
struct Streams {
  std::vector<Load> loads;
  std::vector<Product> products;
};

/// A sum at the end of a column, in the first cycle in which its register holds it.
struct Arrival {
  int64_t cycle;
  int column;
  uint32_t value; // 32 bits, wrapped
  bool operator==(const Arrival &other) const {
    return cycle == other.cycle && column == other.column && value == other.value;
  }
  bool operator<(const Arrival &other) const {
    return cycle != other.cycle ? cycle < other.cycle : column < other.column;
  }
};

/// Cycle 0: the first in which weights, or operands of an output-stationary array, may enter.
struct Record {
  std::vector<int64_t> loads, feeds; // first cycle of each
  std::vector<Arrival> sums;         // sorted
  bool operator==(const Record &other) const {
    return loads == other.loads && feeds == other.feeds && sums == other.sums;
  }
};

Streams streamsOf(const Program &program, int banks);

/// As text, and back. Throw std::runtime_error on what is not one.
void write(std::ostream &out, const Program &program);
Program readProgram(std::istream &in);
void write(std::ostream &out, const Record &record);
Record readRecord(std::istream &in);

} // namespace arsis::fidelity
