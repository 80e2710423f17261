// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk over a layout that nobody here has written.
#include "compiler/Schedule/Outside.h"

#include "compiler/Schedule/Strides.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <set>

namespace arsis::schedule {

namespace {

std::string who(const Space &space) {
  return "strategy '" + space.strategy + "' of library '" + space.outside->library + "'";
}

class Walk {
public:
  Walk(const Layout &layout, const Unit &unit, const ChipLimits &limits)
      : layout(layout), unit(unit), limits(limits), buffers(layout.buffers.size(), Life::Before) {}

  std::string run() {
    declarations();
    if (fault.empty())
      body(0, layout.nodes.size());
    if (fault.empty() && !wasStored())
      fail("a result of the unit is never stored");
    return fault;
  }

private:
  enum class Life : uint8_t { Before, Allocated, Over };

  void fail(const std::string &what) {
    if (fault.empty())
      fault = what;
  }

  void declarations() {
    for (const Tensor &tensor : layout.tensors) {
      if (tensor.value < 0 || tensor.value >= static_cast<int>(unit.values.size()))
        return fail("a tensor is value " + std::to_string(tensor.value) + " of a unit that has " +
                    std::to_string(unit.values.size()));
      if (tensor.type != unit.values[tensor.value].type)
        return fail("a tensor is of " + std::string(numerics::name(tensor.type)) + ", its value of " +
                    std::string(numerics::name(unit.values[tensor.value].type)));
      const int64_t found = isa::volume(tensor.shape),
                    expected = isa::volume(unit.values[tensor.value].shape);
      if (tensor.shape.size() > 4 || found != expected)
        return fail("a tensor of " + std::to_string(tensor.shape.size()) + " dimensions has " +
                    std::to_string(found) + " elements, expected at most 4 and the " +
                    std::to_string(expected) + " of the value");
    }
    int64_t bytes = 0, rows = 0;
    for (const Buffer &buffer : layout.buffers) {
      if (*std::min_element(buffer.shape.begin(), buffer.shape.end()) < 1 || buffer.slots < 1 ||
          buffer.unit < 0 || buffer.unit >= limits.units)
        return fail(called(buffer) + " has a size, slots or a unit that no chip has");
      (buffer.accumulator ? rows : bytes) += buffer.size();
    }
    if (bytes > limits.scratchpadBytes || rows > limits.accumulatorRows)
      fail("its buffers take " + std::to_string(bytes) + " bytes and " + std::to_string(rows) +
           " accumulator rows of a chip with " + std::to_string(limits.scratchpadBytes) + " and " +
           std::to_string(limits.accumulatorRows) + ", which its evaluation denies");
  }

  void body(size_t begin, size_t end) {
    for (size_t at = begin; at < end && fault.empty();) {
      const auto *loop = std::get_if<Loop>(&layout.nodes[at]);
      if (!loop) {
        std::visit([&](const auto &action) { check(action); }, layout.nodes[at++]);
        continue;
      }
      if (loop->count < 2 || loop->end <= at || loop->end > end)
        return fail("a loop of " + std::to_string(loop->count) + " iterations ends at node " +
                    std::to_string(loop->end) + ", expected at least 2, and an end behind node " +
                    std::to_string(at) + " and up to " + std::to_string(end));
      if (static_cast<int64_t>(trips.size()) == kMostLoops)
        return fail("more than " + std::to_string(kMostLoops) + " loops are nested");
      trips.push_back(loop->count);
      const std::vector<Life> before = buffers;
      body(at + 1, loop->end);
      for (size_t i = 0; i < buffers.size(); ++i) // what was allocated inside
        if (buffers[i] != before[i])
          buffers[i] = Life::Over;
      trips.pop_back();
      at = loop->end;
    }
  }

  static std::string called(const Buffer &buffer) { return std::string("buffer '") + buffer.name + "'"; }

  /// Least and greatest value; fails if it speaks about loops that are not open.
  std::pair<int64_t, int64_t> range(const Affine &affine) {
    int64_t least = affine.base, most = affine.base;
    for (size_t d = 0; d < kDeepest; ++d) {
      if (affine.step[d] != 0 && d >= trips.size())
        fail("an expression speaks about loop " + std::to_string(d) + " inside of " +
             std::to_string(trips.size()));
      else if (d < trips.size())
        (affine.step[d] < 0 ? least : most) += affine.step[d] * (trips[d] - 1);
    }
    return {least, most};
  }

  struct Axis {
    int64_t stride;
    Extent extent;
  };
  /// An access to a buffer of the scratchpad, or to rows of an accumulator. It reaches no further than its
  /// full tiles do, nor than the limits of its extents: one of the two must stay within the buffer.
  void access(int number, const Affine &offset, const std::vector<Axis> &axes, bool accumulator = false) {
    if (number < 0 || number >= static_cast<int>(layout.buffers.size()) || buffers[number] != Life::Allocated)
      return fail("an action uses buffer " + std::to_string(number) + ", which is not allocated there");
    const Buffer &buffer = layout.buffers[number];
    if (buffer.accumulator != accumulator)
      return fail(called(buffer) + (accumulator ? " is no accumulator" : " is an accumulator"));
    struct Reach {
      Affine first, last;
    } tiles{offset, offset}, limited{offset, offset};
    for (const Axis &axis : axes) {
      if (axis.extent.tile < 0 || axis.extent.tile > isa::kLargestExtent)
        return fail("an extent is " + std::to_string(axis.extent.tile));
      range(axis.extent.limit);
      const Affine tile = std::max<int64_t>(0, axis.extent.tile - 1) * axis.stride;
      (axis.stride < 0 ? tiles.first : tiles.last) += tile;
      (axis.stride < 0 ? limited.first : limited.last) +=
          axis.extent.clamped ? (axis.extent.limit - Affine(1)) * axis.stride : tile;
    }
    const int64_t elements = accumulator ? buffer.shape[0] : buffer.elements();
    const int64_t least = std::max(range(tiles.first).first, range(limited.first).first);
    const int64_t most = std::min(range(tiles.last).second, range(limited.last).second);
    if (least < 0 || most >= elements)
      fail(called(buffer) + " is used at element " + std::to_string(least < 0 ? least : most) + " of " +
           std::to_string(elements));
  }
  template <size_t n>
  static std::vector<Axis> axesOf(const std::array<Extent, n> &box, const std::array<int64_t, n> &strides) {
    std::vector<Axis> axes;
    for (size_t d = 0; d < n; ++d)
      axes.push_back({strides[d], box[d]});
    return axes;
  }
  template <size_t n>
  void view(const ViewOf<n> &view, const std::array<Extent, n> &box, bool accumulator = false) {
    access(view.buffer, view.offset, axesOf(box, view.strides), accumulator);
  }
  void window(const View &view, const Box4 &box, const std::array<int64_t, 2> &window,
              const std::array<int64_t, 2> &strides) {
    std::vector<Axis> axes = axesOf(box, view.strides);
    for (size_t d = 0; d < 2; ++d)
      axes.push_back({strides[d], Extent(window[d])});
    access(view.buffer, view.offset, axes);
  }
  void tensor(int number, const std::array<Affine, 4> &at) {
    if (number < 0 || number >= static_cast<int>(layout.tensors.size()))
      return fail("a transfer uses tensor " + std::to_string(number) + " of " +
                  std::to_string(layout.tensors.size()));
    for (const Affine &each : at)
      range(each);
  }
  void onUnit(int64_t number) {
    if (number < 0 || number >= limits.units)
      fail("an action is for matrix unit " + std::to_string(number) + " of " + std::to_string(limits.units));
  }

  void check(const Loop &) {}
  void check(const Alloc &alloc) {
    if (alloc.buffer < 0 || alloc.buffer >= static_cast<int>(layout.buffers.size()) ||
        buffers[alloc.buffer] != Life::Before)
      return fail("buffer " + std::to_string(alloc.buffer) + " is allocated and not declared, or twice");
    buffers[alloc.buffer] = Life::Allocated;
  }
  void check(const Load &load) {
    tensor(load.tensor, load.at);
    view(load.to, load.box);
  }
  void check(const Store &store) {
    tensor(store.tensor, store.at);
    view(store.from, store.box);
    if (!fault.empty())
      return;
    const int value = layout.tensors[store.tensor].value;
    if (unit.values[value].kind != Value::Kind::Result)
      return fail("a store goes to value " + std::to_string(value) + ", which is no result of the unit");
    stored.push_back(value);
  }
  void check(const LoadWeights &load) {
    onUnit(load.unit);
    range(load.bank);
    std::vector<Axis> axes = axesOf(load.k, load.weights.strides);
    axes.push_back({1, load.n});
    access(load.weights.buffer, load.weights.offset, axes);
  }
  void check(const Multiply &multiply) {
    onUnit(multiply.unit);
    range(multiply.bank);
    range(multiply.accumulate);
    std::vector<Axis> axes = axesOf(multiply.m, multiply.rows.strides);
    for (const Axis &axis : axesOf(multiply.k, multiply.kStrides))
      axes.push_back(axis);
    access(multiply.rows.buffer, multiply.rows.offset, axes);
    view(multiply.accumulator, multiply.m, true);
  }
  void check(const Drain &drain) {
    onUnit(drain.unit);
    view(drain.accumulator, drain.m, true);
    std::vector<Axis> axes = axesOf(drain.m, drain.to.strides);
    axes.push_back({1, drain.n});
    access(drain.to.buffer, drain.to.offset, axes);
  }
  void check(const Map &map) {
    if (static_cast<unsigned>(map.function) >= numerics::kVectorFunctionCount ||
        map.inputCount != numerics::operandCount(map.function))
      return fail("a map has " + std::to_string(map.inputCount) +
                  " inputs, which its function does not take");
    view(map.to, map.box);
    for (size_t i = 0; i < map.inputCount; ++i)
      view(map.inputs[i], map.box);
  }
  void check(const Reduce &reduce) {
    if (reduce.dimension < 0 || reduce.dimension > 3)
      return fail("a reduction is over dimension " + std::to_string(reduce.dimension) + " of 4");
    Box4 kept = reduce.box;
    kept[reduce.dimension] = 1;
    range(reduce.accumulate);
    view(reduce.to, kept);
    view(reduce.input, reduce.box);
  }
  void check(const Pool &pool) {
    view(pool.to, pool.box);
    window(pool.input, pool.box, pool.window, pool.windowStrides);
  }
  void check(const PoolGrad &grad) {
    window(grad.to, grad.box, grad.window, grad.windowStrides);
    view(grad.gradient, grad.box);
    if (grad.x)
      window({grad.x->buffer, grad.x->offset, grad.to.strides}, grad.box, grad.window, grad.windowStrides);
  }
  void check(const External &external) {
    const auto &description = external.body.type->description;
    size_t addresses = 0;
    bool matches = external.body.fields.size() == description.fields.size();
    for (size_t i = 0; matches && i < description.fields.size(); ++i) {
      matches = external.body.fields[i].index() == description.fields[i].initial.index();
      addresses += std::holds_alternative<isa::Address>(external.body.fields[i]);
    }
    if (!matches || addresses != external.buffers.size() ||
        isa::externalInstructions().find(description.mnemonic) != external.body.type)
      return fail("instruction '" + description.mnemonic +
                  "' is not registered, or its fields are not those of its description");
    if (const std::string wrong = external.body.type->check(external.body); !wrong.empty())
      return fail("instruction '" + description.mnemonic + "': " + wrong);
    for (const isa::FieldValue &field : external.body.fields)
      if (const auto *address = std::get_if<isa::Address>(&field))
        terms(address->strides);
      else if (const auto *affine = std::get_if<isa::Affine>(&field))
        terms(affine->terms);
      else if (const auto *several = std::get_if<std::array<isa::Affine, 4>>(&field))
        for (const isa::Affine &each : *several)
          terms(each.terms);
    for (const Extent &extent : external.box)
      range(extent.limit);
    if (!fault.empty())
      return;
    const isa::ExternalWork work = isa::workOf(external.body, isa::Evaluation());
    operand(external, work.result);
    for (const isa::ExternalOperand &each : work.operands)
      operand(external, each);
  }
  void terms(const isa::Terms &terms) {
    for (const isa::Term &term : terms)
      if (term.loop >= trips.size())
        fail("an instruction speaks about loop " + std::to_string(term.loop) + " inside of " +
             std::to_string(trips.size()));
  }
  /// At full tiles, from the first byte that the loops give its address to the last.
  void operand(const External &external, const isa::ExternalOperand &operand) {
    const int64_t bytes = numerics::sizeInBytes(operand.type);
    Affine offset(operand.address / bytes);
    for (size_t i = 0; i < external.body.fields.size(); ++i)
      if (const auto *address = std::get_if<isa::Address>(&external.body.fields[i]);
          address && external.body.type->description.fields[i].name == operand.name) {
        bool whole = address->base % bytes == 0;
        offset.base += address->base / bytes;
        for (const isa::Term &term : address->strides) {
          whole &= term.stride % bytes == 0;
          offset.step[term.loop] += term.stride / bytes;
        }
        if (!whole)
          return fail(std::string("operand '") + operand.name + "' of '" +
                      external.body.type->description.mnemonic + "' begins between two elements");
      }
    std::vector<Axis> axes;
    for (size_t d = 0; d < 4; ++d)
      axes.push_back({operand.stride[d], Extent(operand.count[d])});
    for (size_t d = 0; d < 2; ++d)
      axes.push_back({operand.windowStride[d], Extent(operand.window[d])});
    const int buffer = bufferOf(external, operand);
    access(buffer, offset, axes);
    if (fault.empty() && layout.buffers[buffer].type != operand.type)
      fail(called(layout.buffers[buffer]) + " has another type than operand '" + operand.name + "' of '" +
           external.body.type->description.mnemonic + "'");
  }

  bool wasStored() const {
    for (size_t value = 0; value < unit.values.size(); ++value)
      if (unit.values[value].kind == Value::Kind::Result &&
          std::find(stored.begin(), stored.end(), static_cast<int>(value)) == stored.end())
        return false;
    return true;
  }

  const Layout &layout;
  const Unit &unit;
  const ChipLimits &limits;
  std::string fault;
  std::vector<int64_t> trips; // of the loops that are open
  std::vector<Life> buffers;
  std::vector<int> stored; // values
};

} // namespace

void checkFields(const Space &space) {
  std::set<std::string> names;
  for (const Field &field : space.fields()) {
    if (!field.name.empty() && !names.insert(field.name).second)
      throw Error(who(space) + " has two fields '" + field.name + "', expected one");
    const size_t dot = field.name.find('.');
    const bool isNamed = field.name.empty() || field.name == kLoops ||
                         (dot != std::string::npos && dot > 0 && dot + 1 < field.name.size());
    if (!isNamed || field.candidates.empty() || (field.name == kLoops) == field.orders.empty())
      throw Error(who(space) + " has a field '" + field.name +
                  "', expected one called loops with orders, or group.name, with values to try");
    for (const std::vector<int64_t> &values : {field.candidates, field.reserve})
      for (int64_t value : values)
        if (field.name == kLoops && (value < 0 || value >= static_cast<int64_t>(field.orders.size())))
          throw Error(who(space) + " tries order " + std::to_string(value) + " of " +
                      std::to_string(field.orders.size()));
  }
}

std::string faultOf(const Layout &layout, const Unit &unit, const ChipLimits &limits) {
  return Walk(layout, unit, limits).run();
}

Layout layoutOf(const Space &space, const Choice &choice) {
  Layout layout = space.layout(choice);
  for (Tensor &tensor : layout.tensors)
    if (!space.values.empty() && space.values[tensor.value].isView()) {
      const Value &value = space.values[tensor.value];
      tensor.strides = stridesUnder(value.shape, value.strides, tensor.shape).value();
      tensor.offset = value.offset;
    }
  if (!space.outside)
    return layout;
  if (const std::string fault = faultOf(layout, space.outside->unit, space.limits); !fault.empty())
    throw Error(who(space) + " returns a layout that is impossible: " + fault);
  return layout;
}

} // namespace arsis::schedule
