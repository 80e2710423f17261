// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The limits of Arsis, each with its reason. What exceeds one is refused with an error before anything is
// spent on it: by the importer and the compiler for tensors, by validateProgram for programs, by the chip
// reader for chips, by the machine for time. Within them no volume, address, count or time overflows 64 bits,
// and every instruction ends.
#pragma once

#include <cstdint>

namespace arsis::isa {

/// Dimensions of a tensor in the tensor table, and of an operand.
constexpr unsigned kMaxRank = 4;
/// One extent: more rows, columns or channels than any tensor has, and the product of two fits 64 bits.
constexpr int64_t kLargestExtent = int64_t(1) << 31;
/// Elements of one tensor: a thousand times the largest activation of a network that anybody trains, and
/// their bytes times a chip's worth of tensors fit 64 bits.
constexpr int64_t kLargestTensor = int64_t(1) << 40;
/// Magnitude of a base, a stride, the value of an affine operand, and how far an operand reaches from its
/// address (elements, bytes or rows): sums of some of them, in bytes or accumulator rows, fit 64 bits.
constexpr int64_t kLargestValue = int64_t(1) << 40;
/// Bytes of DRAM: 256 TiB.
constexpr uint64_t kLargestDram = uint64_t(1) << 48;

/// Bytes of a section of a program file when it is unpacked: the largest of the training step of ResNet-50
/// has half a MiB.
constexpr uint64_t kLargestPackedSection = uint64_t(1) << 28;

/// Elements that one instruction visits: positions of its loop nest, window positions one by one, for
/// `multiply` the streamed elements M x K. The largest that fills a chip is a product over a whole
/// accumulator of 2^20 rows with 2^10 elements of K, 2^30. The functional model visits this many in seconds.
constexpr int64_t kLargestWork = int64_t(1) << 31;
/// Elements that a whole program visits, counted at full tiles: each causes at most 2^13 of any event (bytes
/// of two whole DRAM bursts), so that every counter of a report fits 64 bits.
constexpr int64_t kLargestProgramWork = int64_t(1) << 48;

/// Instances of instructions that a tool walks without being asked: minutes, not days. The training step of
/// ResNet-50 on an array of 16 x 16 has a hundredth of them.
constexpr uint64_t kDefaultMaxInstances = 250'000'000;
/// Elements that a tool visits without being asked: an hour. The training step of ResNet-50 with a batch of
/// 32 on an array of 16 x 16 has a fortieth of them.
constexpr uint64_t kDefaultMaxWork = uint64_t(1) << 40;
/// Instances that may be written out one by one: some 2 KiB of memory each.
constexpr uint64_t kMostUnrolledInstances = 250'000;
/// Instances of a run with a trace: some 150 bytes of JSON each, 2 GB in all.
constexpr uint64_t kMostTracedInstances = uint64_t(1) << 24;
/// Pairs of tensors that share bytes of DRAM; the verifier remembers them all.
constexpr uint64_t kMostSharedPairs = uint64_t(1) << 22;

/// Accesses of streams that never learn of each other; the verifier remembers them all and compares each with
/// every new one. Compiled programs remember some thousands.
constexpr uint64_t kMostRememberedAccesses = uint64_t(1) << 15;

/// Bytes of all accumulators of a chip: a machine with values holds them, whatever the program uses. The
/// scratchpad is bounded by the range of its key.
constexpr int64_t kLargestAccumulators = int64_t(1) << 31;

/// Simulated time in femtoseconds, the resolution of the kernel: 9223 s.
constexpr int64_t kLongestFemtoseconds = INT64_MAX;

} // namespace arsis::isa
