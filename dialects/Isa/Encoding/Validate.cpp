// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Static well-formedness of a program: what must hold before anything may walk it. After this, no evaluation
// of an operand can overflow and every index is in range; whether addresses fit the chip is the verifier's
// question.
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/External.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Packing.h"
#include "dialects/Isa/Encoding/Program.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace arsis::isa {

std::string streamName(const Stream &stream) {
  unsigned kind = unsigned(stream.kind);
  std::string name(kind < std::size(EnumTraits<StreamKind>::kNames) ? EnumTraits<StreamKind>::kNames[kind]
                                                                    : "?");
  return name + " " + std::to_string(stream.index);
}

std::string memoryName(const Placement &placement) {
  const std::string name(EnumTraits<Memory>::kNames[unsigned(placement.memory)]);
  return placement.memory == Memory::Acc ? name + std::to_string(placement.unit) : name;
}

namespace {

std::string number(__int128 value) {
  if (value > kLargestValue || value < -kLargestValue)
    return (value < 0 ? "below -2^" : "above 2^") + std::to_string(40);
  return std::to_string(int64_t(value));
}

/// Checks the operands of one instruction; knows the loops around it.
struct InstructionChecker {
  const Program &program;
  const std::vector<uint32_t> &loops; // iterations, outermost first
  size_t stream, position;

  [[noreturn]] void fail(const std::string &what) const {
    const Stream &s = program.streams[stream];
    throw InstructionError(stream, position,
                           "stream " + streamName(s) + ", instruction " + std::to_string(position) + " (" +
                               infoOf(s.instructions[position].body).mnemonic + "): " + what);
  }
  [[noreturn]] void fail(const char *field, const std::string &what) const {
    fail(std::string(field) + ": " + what);
  }

  void range(const char *field, int64_t base, const Terms &terms) const {
    __int128 low = base, high = base;
    int previous = -1;
    for (const Term &term : terms) {
      if (term.loop <= previous || term.stride == 0)
        fail(field, "terms are not canonical, expected ascending loops and strides that are not zero");
      previous = term.loop;
      if (term.loop >= loops.size())
        fail(field, "uses the index of loop " + std::to_string(term.loop) + ", but is inside " +
                        std::to_string(loops.size()) + " loops");
      __int128 most = __int128(term.stride) * (loops[term.loop] - 1);
      (most < 0 ? low : high) += most;
      if (term.stride > kLargestValue || term.stride < -kLargestValue)
        fail(field, "stride is " + number(term.stride) + ", expected at most 2^40 in magnitude");
    }
    if (low < -kLargestValue || high > kLargestValue)
      fail(field,
           "ranges over " + number(low) + " to " + number(high) + ", expected at most 2^40 in magnitude");
  }
  void operator()(const char *field, const Affine &value) const { range(field, value.base, value.terms); }
  void operator()(const char *field, const Extent &value) const {
    if (value.tile < 0 || value.tile > kLargestExtent)
      fail(field, "extent is " + number(value.tile) + ", expected 0 to 2^31");
    if (value.clamped)
      (*this)(field, value.limit);
  }
  void operator()(const char *field, const Address &value) const {
    range(field, value.base, value.strides);
    (*this)(field, value.slot);
    if (value.slots == 0)
      fail(field, "ring of 0 slots, expected at least 1");
    __int128 last = __int128(value.slotSize) * (value.slots - 1);
    if (last > kLargestValue || last < -kLargestValue || std::llabs(value.slotSize) > kLargestValue)
      fail(field, "ring reaches " + number(last) + ", expected at most 2^40 in magnitude");
  }
  void operator()(const char *field, TensorIndex value) const {
    if (value >= program.tensors.size())
      fail(field, "tensor " + std::to_string(value) + ", but the program has " +
                      std::to_string(program.tensors.size()));
  }
  template <class T> void operator()(const char *field, const T &value) const {
    if constexpr (std::is_enum_v<T>) {
      if (unsigned(value) >= std::size(EnumTraits<T>::kNames))
        fail(field, "value " + std::to_string(unsigned(value)) + " has no meaning");
    }
  }
  template <class T, size_t n> void operator()(const char *field, const std::array<T, n> &values) const {
    for (const T &value : values)
      (*this)(field, value);
  }

  /// Checks work and reach of the largest instance; returns the work.
  int64_t bounds(const Body &body) const {
    const Spread spread = spreadOf(body);
    if (spread.work > kLargestWork)
      fail("visits " + (spread.work < kSaturated ? std::to_string(spread.work) : "more than 2^60") +
           " elements, expected at most 2^31");
    for (const Spread::Operand &operand : spread.operands)
      if (operand.reach.first < -kLargestValue || operand.reach.last > kLargestValue)
        fail(operand.field, "reaches from " + number(operand.reach.first) + " to " +
                                number(operand.reach.last) + ", expected at most 2^40 in magnitude");
    return spread.work;
  }

  template <class Other> void meaning(const Other &) const {}
  void meaning(const Reduce &body) const {
    if (body.reduceMask >> 4)
      fail("reduceMask", "is " + std::to_string(body.reduceMask) + ", expected bits of dimensions 0 to 3");
  }
  void meaning(const Pool &body) const { window(body.window); }
  void meaning(const PoolGrad &body) const { window(body.window); }
  void meaning(const External &body) const {
    if (const std::string wrong = body.type->check(body); !wrong.empty())
      fail(wrong);
  }
  void window(const std::array<uint16_t, 2> &window) const {
    if (window[0] == 0 || window[1] == 0)
      fail("window", "is empty, expected at least 1 by 1");
  }
};

/// Every element lies apart from the others: ordered by stride, each dimension steps over all that the ones
/// inside it span. Returns how far the tensor reaches.
Reach checkNesting(const Tensor &tensor) {
  std::array<unsigned, kMaxRank> order = {0, 1, 2, 3};
  std::stable_sort(order.begin(), order.end(),
                   [&](unsigned a, unsigned b) { return tensor.stride[a] < tensor.stride[b]; });
  Reach reach;
  for (unsigned d : order) {
    if (tensor.shape[d] > 1 && tensor.stride[d] <= reach.last)
      throw ProgramError("tensor '" + tensor.name + "': elements overlap, dimension " + std::to_string(d) +
                         " has stride " + std::to_string(tensor.stride[d]) + ", expected at least " +
                         std::to_string(reach.last + 1));
    reach.extend(tensor.shape[d], tensor.stride[d]);
  }
  return reach;
}

void checkTensor(const Program &program, const Tensor &tensor) {
  auto fail = [&](const std::string &what) { throw ProgramError("tensor '" + tensor.name + "': " + what); };
  if (unsigned(tensor.role) >= std::size(EnumTraits<TensorRole>::kNames) ||
      unsigned(tensor.type) >= std::size(EnumTraits<ElementType>::kNames))
    fail("role or type has no meaning");
  for (unsigned d = 0; d < kMaxRank; ++d) {
    if (tensor.shape[d] < 1 || tensor.shape[d] > kLargestExtent)
      fail("dimension " + std::to_string(d) + " is " + number(tensor.shape[d]) + ", expected 1 to 2^31");
    if (tensor.stride[d] < 0 || tensor.stride[d] > kLargestValue)
      fail("stride " + std::to_string(d) + " is " + number(tensor.stride[d]) + ", expected 0 to 2^40");
  }
  if (volume(tensor.shape) > kLargestTensor)
    fail("holds more than 2^40 elements, expected at most that");
  const Reach reach = checkNesting(tensor);
  const uint64_t bytes = uint64_t(reach.bytes(0, numerics::sizeInBytes(tensor.type)).end);
  if (bytes > program.dramBytes || tensor.address > program.dramBytes - bytes)
    fail("ends beyond the " + std::to_string(program.dramBytes) + " bytes of DRAM that the program declares");
  size_t rank = tensor.hostShape.size();
  if (rank > kMaxRank)
    fail("host shape has " + std::to_string(rank) + " dimensions, expected at most 4");
  for (int64_t size : tensor.hostShape)
    if (size < 1 || size > kLargestExtent)
      fail("host dimension is " + number(size) + ", expected 1 to 2^31");
  if (rank && volume(tensor.hostShape) != volume(tensor.shape))
    fail("host shape and shape hold different numbers of elements");
  std::set<int64_t> dimensions(tensor.hostPermutation.begin(), tensor.hostPermutation.end());
  if (!dimensions.empty() &&
      (dimensions.size() != tensor.hostPermutation.size() || *dimensions.begin() != 0 ||
       *dimensions.rbegin() != int64_t(dimensions.size()) - 1 || dimensions.size() != rank))
    fail("host permutation is not a permutation of its " + std::to_string(rank) + " dimensions");
  for (size_t i = 0; i < rank; ++i) {
    const size_t d =
        kMaxRank - rank + (dimensions.empty() ? i : static_cast<size_t>(tensor.hostPermutation[i]));
    if (tensor.shape[d] != tensor.hostShape[i])
      fail("host dimension " + std::to_string(i) + " is " + number(tensor.hostShape[i]) + ", expected the " +
           number(tensor.shape[d]) + " of its dimension " + std::to_string(d));
  }
  size_t counters = program.counterStream.size();
  if ((tensor.completeValue && tensor.completeCounter >= counters) ||
      (tensor.readableUntil && tensor.readableCounter >= counters))
    fail("names a counter that does not exist; the program has " + std::to_string(counters));
}

/// Whether the elements of one tensor are elements of another one, which has no gaps between them.
bool isPart(const Tensor &part, const Tensor &whole) {
  Reach reach;
  for (unsigned d = 0; d < kMaxRank; ++d)
    reach.extend(part.shape[d], part.stride[d]);
  const int64_t size = numerics::sizeInBytes(part.type);
  const uint64_t bytes = uint64_t(volume(whole.shape) * size), length = uint64_t(reach.bytes(0, size).end),
                 offset = part.address - whole.address;
  return Packing(whole).isDense() && part.address >= whole.address && offset % uint64_t(size) == 0 &&
         length <= bytes && offset <= bytes - length;
}

/// Another shape of an entry has its element type and its bytes, or some of them.
void checkAlias(const Program &program, size_t index) {
  const Tensor &tensor = program.tensors[index];
  auto fail = [&](const std::string &what) { throw ProgramError("tensor '" + tensor.name + "': " + what); };
  if (*tensor.alias >= index)
    fail("is another shape of entry " + std::to_string(*tensor.alias) +
         ", expected an entry before its own " + std::to_string(index));
  const Tensor &root = program.tensors[*tensor.alias];
  if (root.alias)
    fail("is another shape of '" + root.name + "', which is one itself, expected the tensor that both shape");
  const bool isWhole = tensor.address == root.address && Packing(tensor) == Packing(root);
  if (tensor.type != root.type || !(isWhole || isPart(tensor, root)))
    fail("is another shape of '" + root.name + "', expected its element type, and its bytes or some of them");
}

/// What belongs to a parameter has its shape.
void checkParameter(const Program &program, size_t index) {
  const Tensor &tensor = program.tensors[index];
  auto fail = [&](const std::string &what) { throw ProgramError("tensor '" + tensor.name + "': " + what); };
  if (*tensor.parameter >= index)
    fail("belongs to entry " + std::to_string(*tensor.parameter) + ", expected an entry before its own " +
         std::to_string(index));
  const Tensor &parameter = program.tensors[*tensor.parameter];
  if (parameter.role != TensorRole::Parameter || parameter.shape != tensor.shape)
    fail("belongs to '" + parameter.name + "', expected a parameter of its own shape");
}

void checkTables(const Program &program) {
  if (program.streams.size() > 256 || program.counterStream.size() > 256)
    throw ProgramError("program has " + std::to_string(program.streams.size()) + " streams and " +
                       std::to_string(program.counterStream.size()) +
                       " counters, expected at most 256 of each");
  if (program.dramBytes > kLargestDram)
    throw ProgramError("program needs " + std::to_string(program.dramBytes) +
                       " bytes of DRAM, expected at most 2^48");
  if (program.tensors.size() > UINT16_MAX)
    throw ProgramError("program has " + std::to_string(program.tensors.size()) +
                       " tensors, expected at most 65535");
  for (size_t counter = 0; counter < program.counterStream.size(); ++counter)
    if (program.counterStream[counter] >= program.streams.size())
      throw ProgramError("counter c" + std::to_string(counter) + " belongs to stream " +
                         std::to_string(program.counterStream[counter]) + ", but the program has " +
                         std::to_string(program.streams.size()));
  std::set<std::string_view> names;
  for (size_t index = 0; index < program.tensors.size(); ++index) {
    const Tensor &tensor = program.tensors[index];
    if (tensor.name.empty() || !names.insert(tensor.name).second)
      throw ProgramError("tensor '" + tensor.name + "': the name is " +
                         (tensor.name.empty() ? "empty" : "used twice"));
    checkTensor(program, tensor);
    if (tensor.alias)
      checkAlias(program, index);
    if (tensor.parameter)
      checkParameter(program, index);
  }
  validateInitials(program);
  for (const Placement &placement : program.placements) {
    if (unsigned(placement.memory) >= std::size(EnumTraits<Memory>::kNames))
      throw ProgramError("placement of '" + placement.buffer + "' is in a memory of no known kind");
    if (placement.unit && placement.memory != Memory::Acc)
      throw ProgramError("placement of '" + placement.buffer + "' in " + memoryName(placement) +
                         " names a matrix unit, expected that of an accumulator only");
    if (placement.begin > placement.end || placement.slots == 0)
      throw ProgramError("placement of '" + placement.buffer + "' ends before it begins or has no slot");
    if (placement.end > kLargestDram)
      throw ProgramError("placement of '" + placement.buffer + "' ends at " + std::to_string(placement.end) +
                         ", expected at most 2^48");
  }
}

void checkStream(const Program &program, size_t number, std::vector<uint64_t> &increments, int64_t &work) {
  const Stream &stream = program.streams[number];
  for (size_t other = 0; other < number; ++other)
    if (program.streams[other].kind == stream.kind && program.streams[other].index == stream.index)
      throw ProgramError("stream " + streamName(stream) + " exists twice");
  if (unsigned(stream.kind) >= std::size(EnumTraits<StreamKind>::kNames))
    throw ProgramError("stream " + std::to_string(number) + " is of no known kind");
  std::vector<uint32_t> loops;
  std::vector<size_t> open;
  uint64_t instances = 1; // of the innermost body; saturates
  constexpr uint64_t kMost = uint64_t(1) << 62;
  std::vector<uint64_t> outer;
  for (size_t position = 0; position < stream.instructions.size(); ++position) {
    const Instruction &instruction = stream.instructions[position];
    const InstructionInfo &info = infoOf(instruction.body);
    InstructionChecker check{program, loops, number, position};
    if (!(info.streams >> unsigned(stream.kind) & 1))
      check.fail("not allowed in this stream");
    if (instruction.location >= std::max<size_t>(1, program.locations.size()))
      check.fail("location " + std::to_string(instruction.location) + ", but the program has " +
                 std::to_string(program.locations.size()));
    if (instruction.waitCount > kMaxWaits)
      check.fail(std::to_string(instruction.waitCount) + " waits, expected at most 2");
    if (info.marker && (instruction.waitCount || instruction.increment))
      check.fail("waits or increments, which a loop marker cannot");
    for (unsigned i = 0; i < instruction.waitCount; ++i) {
      const Wait &wait = instruction.waits[i];
      if (wait.counter >= program.counterStream.size())
        check.fail("waits for counter c" + std::to_string(wait.counter) + ", but the program has " +
                   std::to_string(program.counterStream.size()));
      check("after", wait.value);
    }
    if (instruction.increment) {
      uint8_t counter = *instruction.increment;
      if (counter >= program.counterStream.size())
        check.fail("increments counter c" + std::to_string(counter) + ", but the program has " +
                   std::to_string(program.counterStream.size()));
      if (program.counterStream[counter] != number)
        check.fail("increments counter c" + std::to_string(counter) + ", which belongs to stream " +
                   streamName(program.streams[program.counterStream[counter]]));
      increments[counter] = std::min(kMost, increments[counter] + instances);
      if (increments[counter] > UINT32_MAX)
        check.fail("counter c" + std::to_string(counter) + " would exceed 32 bits");
    }
    std::visit(
        [&](const auto &body) {
          body.visitFields(check);
          check.meaning(body);
        },
        instruction.body);
    work += saturatingProduct(check.bounds(instruction.body), int64_t(instances));
    if (work > kLargestProgramWork)
      check.fail("the program visits more than 2^48 elements, expected at most that");
    if (const Loop *loop = std::get_if<Loop>(&instruction.body)) {
      if (loop->count == 0)
        check.fail("loop of 0 iterations, expected at least 1");
      if (loops.size() == kMaxLoopDepth)
        check.fail("loops nest deeper than " + std::to_string(kMaxLoopDepth));
      loops.push_back(loop->count);
      open.push_back(position);
      outer.push_back(instances);
      instances = instances > kMost / loop->count ? kMost : instances * loop->count;
    } else if (std::holds_alternative<EndLoop>(instruction.body)) {
      if (loops.empty())
        check.fail("end_loop without a loop");
      loops.pop_back();
      open.pop_back();
      instances = outer.back();
      outer.pop_back();
    }
  }
  if (!open.empty())
    InstructionChecker{program, loops, number, open.back()}.fail("loop without an end_loop");
}

} // namespace

void validateProgram(const Program &program) {
  checkTables(program);
  std::vector<uint64_t> increments(program.counterStream.size());
  int64_t work = 0;
  for (size_t stream = 0; stream < program.streams.size(); ++stream)
    checkStream(program, stream, increments, work);
}

} // namespace arsis::isa
