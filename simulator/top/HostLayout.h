// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Between the host's arrays (dense, the model's own layout, fp32 or int32) and tensors in simulated DRAM.
#pragma once

#include "dialects/Isa/Encoding/Initials.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace arsis::sim {

/// Bytes copied between host and chip since the last run.
struct HostTraffic {
  int64_t writtenBytes = 0, readBytes = 0;
};

/// Bytes of the tensor as the host sees it: 4 per element, bf16 and fp16 included.
int64_t hostBytes(const isa::Tensor &tensor);
/// Throws Error naming the tensor unless `bytes` is hostBytes.
void checkHostBytes(const isa::Tensor &tensor, size_t bytes);

/// REQUIRES: checkHostBytes passed, `dram` covers the tensor.
void fromHost(const isa::Tensor &tensor, const void *host, uint8_t *dram);
void toHost(const isa::Tensor &tensor, const uint8_t *dram, void *host);

/// Puts the elements of an initial value, which are dense and row-major in chip layout, where the strides of
/// the tensor have them. REQUIRES: a validated program, `dram` covers the tensor.
void fromInitial(const isa::Tensor &tensor, isa::InitialReader::Elements elements, uint8_t *dram);

} // namespace arsis::sim
