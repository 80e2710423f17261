// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Programs.h.
#include "tests/fidelity/Programs.h"

#include <istream>
#include <ostream>
#include <stdexcept>

namespace arsis::fidelity {
namespace {

template <class Value> Value take(std::istream &in) {
  Value value;
  if (!(in >> value))
    throw std::runtime_error("the file ends, or holds something else than numbers");
  return value;
}

Matrix takeMatrix(std::istream &in, int rows, int columns) {
  Matrix matrix(static_cast<size_t>(rows), std::vector<int16_t>(static_cast<size_t>(columns)));
  for (auto &row : matrix)
    for (int16_t &element : row)
      element = take<int16_t>(in);
  return matrix;
}

std::vector<int64_t> takeCycles(std::istream &in) {
  std::vector<int64_t> cycles(take<size_t>(in));
  for (int64_t &cycle : cycles)
    cycle = take<int64_t>(in);
  return cycles;
}

} // namespace

Streams streamsOf(const Program &program, int banks) {
  Streams streams;
  for (size_t i = 0; i < program.tiles.size(); ++i) {
    const Tile &tile = program.tiles[i];
    if (tile.loads)
      streams.loads.push_back({tile.k, tile.n, static_cast<int>(streams.loads.size()) % banks,
                               static_cast<int>(i) - (tile.ahead ? 1 : 0), static_cast<int>(i)});
    streams.products.push_back(
        {tile.k, tile.n, tile.m, streams.loads.back().bank, static_cast<int>(streams.loads.size())});
  }
  return streams;
}

void write(std::ostream &out, const Program &program) {
  out << program.tiles.size() << '\n';
  for (size_t i = 0; i < program.tiles.size(); ++i) {
    const Tile &tile = program.tiles[i];
    out << tile.k << ' ' << tile.n << ' ' << tile.m << ' ' << tile.loads << ' ' << tile.ahead << '\n';
    for (const Matrix *matrix : {&program.x[i], &program.w[i]})
      for (const auto &row : *matrix)
        for (int16_t element : row)
          out << element << ' ';
    out << '\n';
  }
}

Program readProgram(std::istream &in) {
  Program program;
  program.tiles.resize(take<size_t>(in));
  for (Tile &tile : program.tiles) {
    tile.k = take<int>(in);
    tile.n = take<int>(in);
    tile.m = take<int>(in);
    tile.loads = take<int>(in) != 0;
    tile.ahead = take<int>(in) != 0;
    program.x.push_back(takeMatrix(in, tile.m, tile.k));
    program.w.push_back(takeMatrix(in, tile.k, tile.n));
  }
  return program;
}

void write(std::ostream &out, const Record &record) {
  for (const auto *cycles : {&record.loads, &record.feeds}) {
    out << cycles->size();
    for (int64_t cycle : *cycles)
      out << ' ' << cycle;
    out << '\n';
  }
  out << record.sums.size() << '\n';
  for (const Arrival &sum : record.sums)
    out << sum.cycle << ' ' << sum.column << ' ' << sum.value << '\n';
}

Record readRecord(std::istream &in) {
  Record record;
  record.loads = takeCycles(in);
  record.feeds = takeCycles(in);
  record.sums.resize(take<size_t>(in));
  for (Arrival &sum : record.sums) {
    sum.cycle = take<int64_t>(in);
    sum.column = take<int>(in);
    sum.value = take<uint32_t>(in);
  }
  return record;
}

} // namespace arsis::fidelity
