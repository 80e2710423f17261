// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What reader and writer of .npz archives share of the zip format: signatures, fixed sizes, one entry of the
// directory. (PKWARE APPNOTE 6.3.10, section 4.3.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace arsis::ref::zip {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kEnd64LocatorSize = 20;
constexpr uint16_t kZip64Extra = 1, kStored = 0, kDeflated = 8;
constexpr uint16_t kEncrypted = 1, kUtf8Name = 1 << 11; // flags
constexpr uint32_t kInZip64 = 0xffffffff;               // "see the zip64 field"
constexpr size_t kLongestName = 0xffff;                 // bytes of a member's name
constexpr const char *kSuffix = ".npy";
constexpr size_t kSuffixSize = 4;

struct Member {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packedSize = 0, size = 0, offset = 0;
};

} // namespace arsis::ref::zip
