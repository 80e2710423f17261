// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See TransferRuns.h.
#include "simulator/units/TransferRuns.h"
#include "dialects/Isa/Numerics/Numerics.h"
#include "simulator/isa/Families.h"

#include <algorithm>

namespace arsis::sim {

TransferRuns::TransferRuns(const TransferOperation &operation, int64_t chunkBytes) : chunkBytes(chunkBytes) {
  const InRange range = inRange(operation);
  const isa::Tensor &tensor = *operation.tensor;
  const int64_t size = numerics::sizeInBytes(tensor.type);
  if (range.count[0] == 0)
    return;
  int64_t first = 0;
  for (size_t d = 0; d < 4; ++d)
    first += (operation.coordinate[d] + range.first[d]) * tensor.stride[d];
  payload.command = operation.store ? StridedPayload::Write : StridedPayload::Read;
  payload.address = tensor.address + static_cast<uint64_t>(first * size);

  shape = timing::contiguousRuns(range.count, tensor.stride, size);
  runCount = shape.runs();
  payload.count = shape.count;
  payload.stride = shape.pitch;
  payload.runBytes = shape.bytes;
}

StridedPayload &TransferRuns::next() {
  const int64_t runBytes = shape.bytes;
  payload.firstRun = nextRun;
  payload.trimBegin = nextByte;
  payload.trimEnd = runBytes;
  if (nextByte == 0 && runBytes <= chunkBytes) {
    payload.runs = std::min(runCount - nextRun, std::max<int64_t>(1, chunkBytes / runBytes));
    nextRun += payload.runs;
    return payload;
  }
  payload.runs = 1;
  if (runBytes - nextByte > chunkBytes) { // cut where the address is a multiple of the chunk
    int64_t offset = 0, rest = nextRun;
    for (size_t d = 4; d-- > 0;) {
      offset += rest % payload.count[d] * payload.stride[d];
      rest /= payload.count[d];
    }
    const auto address = static_cast<int64_t>(payload.address) + offset + nextByte;
    payload.trimEnd = std::min(runBytes, nextByte + chunkBytes - address % chunkBytes);
  }
  nextByte = payload.trimEnd;
  if (nextByte == runBytes) {
    nextByte = 0;
    ++nextRun;
  }
  return payload;
}

Cycle localBeatsOf(const TransferOperation &operation, const TransferRuns &runs, const timing::Dma &form) {
  int64_t elements = 1;
  if (operation.store)
    elements = runs.payloadBytes() / static_cast<int64_t>(numerics::sizeInBytes(operation.tensor->type));
  else
    for (int64_t count : operation.box)
      elements *= count;
  return form.localBeats(elements, operation.box, operation.local.stride,
                         static_cast<int64_t>(numerics::sizeInBytes(operation.local.type)));
}

void TransferCounts::report(Statistics &statistics, const std::string &unit) const {
  statistics.add(unit + ".requests", "requests", "requests of at most dma.request_bytes",
                 static_cast<double>(requests));
  statistics.add(unit + ".payload_bytes", "B", "bytes of tensors moved", static_cast<double>(payloadBytes));
  statistics.add(unit + ".overfetch_bytes", "B", "bytes of bursts that no tensor element asked for",
                 static_cast<double>(overfetch));
}

} // namespace arsis::sim
