// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Models.h.
#include "tests/fidelity/Models.h"
#include "timing/OutputStationary.h"
#include "timing/WeightStationary.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace arsis::fidelity {
namespace {

int between(std::mt19937 &random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
}

Matrix anyMatrix(int rows, int columns, std::mt19937 &random) {
  Matrix matrix(static_cast<size_t>(rows), std::vector<int16_t>(static_cast<size_t>(columns)));
  for (auto &row : matrix)
    for (int16_t &element : row)
      element = static_cast<int16_t>(random());
  return matrix;
}

uint32_t sumOf(const Program &program, size_t tile, int row, int column) {
  uint32_t sum = 0;
  for (int k = 0; k < program.tiles[tile].k; ++k)
    sum += static_cast<uint32_t>(int32_t(program.x[tile][row][k]) * int32_t(program.w[tile][k][column]));
  return sum;
}

/// First and last sum of a product must fit together.
void checkLast(const Record &record, const Tile &tile, int64_t last) {
  int64_t latest = 0;
  for (size_t i = record.sums.size() - static_cast<size_t>(tile.m * tile.n); i < record.sums.size(); ++i)
    latest = std::max(latest, record.sums[i].cycle);
  if (latest != last)
    throw std::logic_error("the last sum is at " + std::to_string(last) + ", its row and column say " +
                           std::to_string(latest));
}

/// m x n sums of k products of a pass over a convolution; every dimension has edges on some array.
struct Gemm {
  int m, k, n;
};
Gemm anyPass(std::mt19937 &random) {
  const int images = between(random, 1, 2), channels = between(random, 1, 20),
            filters = between(random, 1, 20);
  const int size = between(random, 3, 6), kernel = between(random, 1, 3), out = size - kernel + 1;
  const int taps = kernel * kernel, inputs = images * size * size, outputs = images * out * out;
  switch (random() % 3) {
  case 0:
    return {outputs, channels * taps, filters}; // forward
  case 1:
    return {inputs, filters * taps, channels}; // input gradient
  default:
    return {channels * taps, outputs, filters}; // weight gradient
  }
}

std::vector<Tile> someOf(const std::vector<Tile> &all, std::mt19937 &random) {
  const size_t count = std::min<size_t>(all.size(), between(random, 1, 6));
  const size_t last = all.size() - count, first = random() % 3 == 0 ? last : random() % (last + 1);
  return {all.begin() + static_cast<ptrdiff_t>(first), all.begin() + static_cast<ptrdiff_t>(first + count)};
}

template <class Visit> void inPieces(int size, int piece, Visit visit) {
  for (int at = 0; at < size; at += piece)
    visit(std::min(piece, size - at));
}

} // namespace

Program fill(const std::vector<Tile> &tiles, std::mt19937 &random) {
  Program program{tiles, {}, {}};
  for (size_t i = 0; i < tiles.size(); ++i) {
    program.x.push_back(anyMatrix(tiles[i].m, tiles[i].k, random));
    program.w.push_back(tiles[i].loads ? anyMatrix(tiles[i].k, tiles[i].n, random) : program.w.at(i - 1));
  }
  return program;
}

Record modelledWeightStationary(const Shape &shape, const Program &program) {
  timing::WeightStationary array(shape.latency, shape.banks);
  const Streams streams = streamsOf(program, shape.banks);
  Record record;
  size_t loads = 0;
  for (size_t i = 0; i < program.tiles.size(); ++i) {
    const Tile &tile = program.tiles[i];
    // Loads that stand before this product, its own and that of the next tile if it is ahead.
    for (; loads < streams.loads.size() && streams.loads[loads].after <= static_cast<int>(i); ++loads) {
      const Load &load = streams.loads[loads];
      const int64_t begun = load.after > 0 ? record.feeds[static_cast<size_t>(load.after) - 1] : 0;
      record.loads.push_back(std::max(begun, array.loadFrom(load.bank)));
      array.load(load.bank, record.loads.back(), load.k);
    }
    const int bank = streams.products[i].bank;
    record.feeds.push_back(array.feedFrom(bank));
    const timing::ArrayProduct times = array.feed(bank, record.feeds.back(), tile.m, tile.k, tile.n);
    for (int row = 0; row < tile.m; ++row)
      for (int column = 0; column < tile.n; ++column)
        record.sums.push_back({times.first + row + column, column, sumOf(program, i, row, column)});
    checkLast(record, tile, times.last);
  }
  std::sort(record.sums.begin(), record.sums.end());
  return record;
}

Record modelledOutputStationary(const Shape &shape, const Program &program) {
  timing::OutputStationary array(shape.latency);
  Record record;
  for (size_t i = 0; i < program.tiles.size(); ++i) {
    const Tile &tile = program.tiles[i];
    const int64_t begin = array.feedFrom(tile.k, tile.m);
    record.feeds.push_back(begin);
    const timing::ArrayProduct times = array.feed(begin, tile.k, tile.m, tile.n);
    for (int row = 0; row < tile.m; ++row) // the lowest row leaves first
      for (int column = 0; column < tile.n; ++column)
        record.sums.push_back(
            {times.first + tile.m - 1 - row + column, column, sumOf(program, i, row, column)});
    checkLast(record, tile, times.last);
  }
  std::sort(record.sums.begin(), record.sums.end());
  return record;
}

Program anyWeightStationary(const Shape &shape, std::mt19937 &random) {
  std::vector<Tile> tiles;
  const int kind = between(random, 0, 4), count = between(random, 1, 6);
  const auto withLoads = [&] {
    tiles.front().loads = true;
    for (size_t i = 1; i < tiles.size(); ++i)
      tiles[i].ahead = tiles[i].loads && shape.banks > 1 && random() % 2 == 0;
    return fill(tiles, random);
  };
  if (kind <= 1) {
    for (int i = 0; i < count; ++i) {
      const bool full = kind == 1;
      Tile tile = {full ? shape.rows : between(random, 1, shape.rows),
                   full ? shape.columns : between(random, 1, shape.columns),
                   between(random, 1, random() % 3 == 0 ? 2 * shape.rows * shape.latency : shape.rows),
                   i == 0 || random() % 4 != 0};
      if (!tile.loads)
        tile.k = tiles.back().k, tile.n = tiles.back().n;
      tiles.push_back(tile);
    }
    return withLoads();
  }
  const Gemm gemm = anyPass(random);
  const int rowsAtOnce = between(random, 3, 40);
  inPieces(gemm.n, shape.columns, [&](int n) {
    inPieces(gemm.k, shape.rows, [&](int k) {
      bool loads = true;
      inPieces(gemm.m, rowsAtOnce, [&](int m) {
        tiles.push_back({k, n, m, loads});
        loads = kind == 2; // else the rows are the outer loop of the memory, the weights stay
      });
    });
  });
  tiles = someOf(tiles, random);
  return withLoads();
}

Program anyOutputStationary(const Shape &shape, std::mt19937 &random) {
  std::vector<Tile> tiles;
  const int kind = between(random, 0, 4), count = between(random, 1, 6);
  const int depth = between(random, 1, 2 * shape.rows);
  if (kind <= 1)
    for (int i = 0; i < count; ++i)
      tiles.push_back(kind == 0 ? Tile{between(random, 1, 2 * shape.rows), between(random, 1, shape.columns),
                                       between(random, 1, shape.rows)}
                                : Tile{depth, shape.columns, shape.rows});
  if (kind <= 1)
    return fill(tiles, random);
  const Gemm gemm = anyPass(random);
  inPieces(gemm.n, shape.columns, [&](int n) {
    inPieces(gemm.m, shape.rows, [&](int m) {
      inPieces(gemm.k, 64, [&](int k) { tiles.push_back({k, n, m}); });
    });
  });
  return fill(someOf(tiles, random), random);
}

} // namespace arsis::fidelity
