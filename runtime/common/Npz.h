// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npz archives: a zip file with one .npy array per member. Members may be stored or deflated, zip64
// or not; arrays are little-endian f4, f8, i4 or i8 in C order. Everything else, and every malformed byte, is
// one arsis::Error that names the file and the member. (Formats: PKWARE APPNOTE 6.3.10 and numpy.lib.format.)
#pragma once

#include "runtime/common/HostTensor.h"

#include <map>
#include <string>

namespace arsis::ref {

using TensorMap = std::map<std::string, HostTensor>;

/// Member "x.npy" becomes "x".
TensorMap readNpz(const std::string &path);
/// The same from memory; `name` stands for the file in messages.
TensorMap parseNpz(const uint8_t *data, size_t size, const std::string &name);

/// `deflate` compresses the members. Equal tensors give equal bytes. Throws arsis::Error if the file cannot
/// be written.
void writeNpz(const std::string &path, const TensorMap &tensors, bool deflate = false);
std::vector<uint8_t> serializeNpz(const TensorMap &tensors, bool deflate = false);

/// One .npy array; `name` stands for it in messages.
HostTensor parseNpy(const uint8_t *data, size_t size, const std::string &name);
std::vector<uint8_t> serializeNpy(const HostTensor &tensor);

} // namespace arsis::ref
