// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npz archives: a zip file with one .npy array per member. Members may be stored or deflated, zip64
// or not; arrays are little-endian f4, f8, i4 or i8 in C order. Everything else, and every malformed byte, is
// one arsis::Error that names the file and the member. (Formats: PKWARE APPNOTE 6.3.10 and numpy.lib.format.)
#pragma once

#include "runtime/common/HostTensor.h"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace arsis::ref {

using TensorMap = std::map<std::string, HostTensor>;

/// Called with what the header of each array says before any elements are unpacked; throws Error to refuse
/// it. So memory is bounded by the file and the tensors that the caller lets pass.
using MemberCheck = std::function<void(const std::string &name, const Shape &shape, HostType type)>;

/// Member "x.npy" becomes "x".
TensorMap readNpz(const std::string &path, const MemberCheck &check = {});
/// The same from memory; `name` stands for the file in messages.
TensorMap parseNpz(const uint8_t *data, size_t size, const std::string &name, const MemberCheck &check = {});

/// The bytes of an archive; `deflate` compresses the members. Equal tensors give equal bytes. Throws
/// arsis::Error as checkNpzNames.
std::vector<uint8_t> serializeNpz(const TensorMap &tensors, bool deflate = false);

/// Throws arsis::Error if the format cannot hold tensors of these names so that every reader gives them back:
/// one that is empty, not UTF-8, too long or has a NUL, or a pair like "x" and "x.npy".
void checkNpzNames(const std::set<std::string> &names);

/// One .npy array; `name` stands for it in messages.
HostTensor parseNpy(const uint8_t *data, size_t size, const std::string &name);
std::vector<uint8_t> serializeNpy(const HostTensor &tensor);

struct NpyHeader {
  Shape shape;
  HostType type = HostType::F32;
  size_t size = 0; // bytes before the elements
};
/// More is refused as a header; numpy writes 64 to 192.
constexpr size_t kMostNpyHeaderBytes = 1 << 16;
/// From the first bytes of an array: all, or kMostNpyHeaderBytes.
NpyHeader parseNpyHeader(const uint8_t *data, size_t size, const std::string &name);
/// Throws arsis::Error unless the whole array has `size` bytes.
void checkNpySize(const NpyHeader &header, uint64_t size, const std::string &name);

} // namespace arsis::ref
