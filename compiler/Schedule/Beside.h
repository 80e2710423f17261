// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work that the layout of a contraction does on each of its streamed tiles beside its own products.
#ifndef ARSIS_COMPILER_SCHEDULE_BESIDE_H
#define ARSIS_COMPILER_SCHEDULE_BESIDE_H

#include "compiler/Schedule/LayoutBuilder.h"

#include <functional>
#include <memory>
#include <vector>

namespace arsis::schedule {

class Beside {
public:
  virtual ~Beside() = default;
  virtual void declareTensors() = 0;
  /// How many banks of weights it takes in turn for a tile.
  virtual int64_t products() const = 0;
  /// In front of all loops; where the loop `resultLevel` begins and ends.
  virtual void beginAll() = 0;
  virtual int resultLevel() const = 0;
  virtual void begin() = 0;
  virtual void end() = 0;
  /// Loads what it needs for a tile, inside loop `tileLevel`, and works on it: its products take the banks
  /// from `bank` on.
  virtual int tileLevel() const = 0;
  virtual void loadTile() = 0;
  virtual void work(int streamed, const Affine &bank) = 0;

  /// Adds all but the last to the pieces of a nest.
  void join(std::vector<LayoutBuilder::Action> &before, std::vector<LayoutBuilder::Action> &after) {
    before.push_back({LoopOrder::kTop, [this] { beginAll(); }});
    before.push_back({resultLevel(), [this] { begin(); }});
    before.push_back({tileLevel(), [this] { loadTile(); }});
    after.push_back({resultLevel(), [this] { end(); }});
  }
};

/// Makes one that writes to the builder; the indices are those of the loops that are open.
using MakeBeside =
    std::function<std::unique_ptr<Beside>(LayoutBuilder &builder, const std::vector<Affine> &index)>;

} // namespace arsis::schedule

#endif
