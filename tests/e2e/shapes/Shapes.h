// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random shapes, the chips they are tried on, and the way of one module through all of Arsis in one process.
#ifndef ARSIS_TESTS_E2E_SHAPES_SHAPES_H
#define ARSIS_TESTS_E2E_SHAPES_SHAPES_H

#include "arch_configs/reader/Chip.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

#include <array>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace arsis::testing {

struct Axis {
  int input, kernel, stride, dilation, before, after;

  int room() const { return input + before + after - dilation * (kernel - 1) - 1; }
  int output() const { return room() < 0 ? 0 : room() / stride + 1; }
};

struct Case {
  int batch, channels, outputs; // of a group
  Axis h, w;
  int groups = 1;
  std::array<std::string, 3> schedules = {}; // what holds of each pass

  bool hasOutput() const { return h.output() > 0 && w.output() > 0; }
  /// Strides, pads and dilations, as a convolution has them.
  std::string window() const;
};

class Draw {
public:
  explicit Draw(unsigned seed) : random(seed) {}

  int between(int low, int high) { return low + int(random() % unsigned(high - low + 1)); }
  float value() { return (float(int(random() % 2001)) - 1000.0f) / 700.0f; }
  Axis axis() {
    Axis a{between(1, 9), between(1, 7), between(1, 8), between(1, 3), 0, 0};
    a.before = between(0, a.kernel);
    a.after = between(0, a.kernel);
    return a;
  }
  Case shape() { return {between(1, 2), between(1, 20), between(1, 20), axis(), axis()}; }
  /// Half of them depthwise, of these half with several outputs per channel.
  Case groups() {
    Case c = shape();
    c.groups = between(2, 30);
    c.channels = between(0, 1) ? 1 : between(1, 9);
    c.outputs = c.channels == 1 ? (between(0, 1) ? 1 : between(2, 3)) : between(1, 9);
    return c;
  }

  std::mt19937 random; // the standard fixes its sequence
};

std::string list(const std::vector<int> &numbers, const char *separator);
std::string type(const std::vector<int> &shape, const std::string &element = "f32");
std::string argument(const std::string &name, const std::string &type);
std::string result(const std::string &name, const std::string &type);

/// A chip with so many arrays.
struct NamedChip {
  std::string path, units;
  chip::Chip chip = chip::Chip::load(path).withOverride("matrix.units", units);
};
const std::array<NamedChip, 4> &chips();

/// What is done to a module before it is compiled.
using Prepare = std::function<void(mlir::ModuleOp)>;

/// Compiles, proves, runs and compares with the oracle, bit for bit. Empty, or what went wrong on the way.
std::string run(mlir::MLIRContext &context, const std::string &text, const NamedChip &chip,
                const char *precision, Draw &draw, const Prepare &prepare = nullptr);

} // namespace arsis::testing

#endif
