// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes .npz archives, and refuses names of tensors that no reader would give back.
#include "runtime/common/Npz.h"
#include "runtime/common/Zip.h"

#include "dialects/Isa/Encoding/ErrorKind.h"

#include <algorithm>
#include <zlib.h>

namespace arsis::ref {
namespace {

using namespace zip;

constexpr uint16_t kVersionZip64 = 45;   // APPNOTE 4.4.3.2
constexpr uint16_t kEarliestDate = 0x21; // 1980-01-01: equal tensors give equal bytes

/// Whether the bytes are UTF-8 (RFC 3629): shortest forms, no surrogates, nothing above U+10FFFF.
bool isUtf8(const std::string &text) {
  for (size_t at = 0; at < text.size();) {
    const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
    const uint8_t first = byte(at);
    const size_t following = first < 0x80                    ? 0
                             : first >= 0xc2 && first < 0xe0 ? 1
                             : (first & 0xf0) == 0xe0        ? 2
                             : first >= 0xf0 && first < 0xf5 ? 3
                                                             : 4;
    if (following == 4)
      return false;
    uint32_t code = first & (following == 0 ? 0x7f : 0x3f >> following);
    for (size_t i = 1; i <= following; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80)
        return false;
      code = code << 6 | (byte(at + i) & 0x3f);
    }
    if ((following == 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
        (following == 3 && (code < 0x10000 || code > 0x10ffff)))
      return false;
    at += 1 + following;
  }
  return true;
}

bool isAscii(const std::string &text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

class Writer {
public:
  void add(const std::string &name, const HostTensor &tensor, bool deflated) {
    const std::vector<uint8_t> array = serializeNpy(tensor);
    Member member;
    member.name = name + kSuffix;
    member.flags = isAscii(name) ? 0 : kUtf8Name;
    member.offset = bytes.size();
    member.size = array.size();
    member.method = deflated ? kDeflated : kStored;
    uLong crc = crc32(0, nullptr, 0);
    for (size_t at = 0; at < array.size(); at += 1u << 30)
      crc = crc32(crc, array.data() + at, static_cast<uInt>(std::min<size_t>(array.size() - at, 1u << 30)));
    member.crc = static_cast<uint32_t>(crc);
    const std::vector<uint8_t> packed = deflated ? deflateAll(array) : array;
    member.packedSize = packed.size();
    put(kLocalHeader, 4);
    common(member, 2);
    bytes.insert(bytes.end(), packed.begin(), packed.end());
    members.push_back(std::move(member));
  }

  std::vector<uint8_t> finish() {
    const uint64_t begin = bytes.size();
    for (const Member &member : members) {
      put(kCentralHeader, 4);
      put(kVersionZip64, 2);
      common(member, 3);
    }
    const uint64_t length = bytes.size() - begin, end64 = bytes.size();
    const bool wide = members.size() >= 0xffff || bytes.size() >= kInZip64;
    if (wide) {
      put(kEnd64, 4), put(kEnd64Size - 12, 8), put(kVersionZip64, 2), put(kVersionZip64, 2), put(0, 8);
      put(members.size(), 8), put(members.size(), 8), put(length, 8), put(begin, 8);
      put(kEnd64Locator, 4), put(0, 4), put(end64, 8), put(1, 4);
    }
    put(kEnd, 4), put(0, 4);
    put(wide ? 0xffff : members.size(), 2), put(wide ? 0xffff : members.size(), 2);
    put(wide ? kInZip64 : length, 4), put(wide ? kInZip64 : begin, 4), put(0, 2);
    return std::move(bytes);
  }

private:
  void put(uint64_t value, size_t count) {
    for (size_t i = 0; i < count; ++i)
      bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }

  /// What local and central headers share. `values` is 2 (sizes) or 3 (sizes and offset).
  void common(const Member &member, size_t values) {
    const bool wide = member.size >= kInZip64 || member.packedSize >= kInZip64 || member.offset >= kInZip64;
    put(wide ? kVersionZip64 : 20, 2), put(member.flags, 2), put(member.method, 2), put(0, 2),
        put(kEarliestDate, 2);
    put(member.crc, 4), put(wide ? kInZip64 : member.packedSize, 4), put(wide ? kInZip64 : member.size, 4);
    put(member.name.size(), 2), put(wide ? 4 + 8 * values : 0, 2);
    if (values == 3)
      put(0, 2), put(0, 2), put(0, 2), put(0, 4), put(wide ? kInZip64 : member.offset, 4);
    bytes.insert(bytes.end(), member.name.begin(), member.name.end());
    if (wide) {
      put(kZip64Extra, 2), put(8 * values, 2), put(member.size, 8), put(member.packedSize, 8);
      if (values == 3)
        put(member.offset, 8);
    }
  }

  static std::vector<uint8_t> deflateAll(const std::vector<uint8_t> &array) {
    z_stream stream = {};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw InputError("zlib does not start");
    std::vector<uint8_t> packed(deflateBound(&stream, array.size()));
    uint64_t in = 0, out = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      stream.next_in = const_cast<uint8_t *>(array.data() + in);
      stream.avail_in = static_cast<uInt>(std::min<uint64_t>(array.size() - in, 1u << 30));
      stream.next_out = packed.data() + out;
      stream.avail_out = static_cast<uInt>(std::min<uint64_t>(packed.size() - out, 1u << 30));
      const uInt inBefore = stream.avail_in, outBefore = stream.avail_out;
      status = deflate(&stream, in + inBefore == array.size() ? Z_FINISH : Z_NO_FLUSH);
      in += inBefore - stream.avail_in;
      out += outBefore - stream.avail_out;
    }
    deflateEnd(&stream);
    if (status != Z_STREAM_END)
      throw InputError("zlib cannot compress a member");
    packed.resize(out);
    return packed;
  }

  std::vector<uint8_t> bytes;
  std::vector<Member> members;
};

} // namespace

void checkNpzNames(const std::set<std::string> &names) {
  for (const std::string &name : names) {
    const std::string shown = "tensor name '" + name.substr(0, name.find('\0')).substr(0, 64) + "'";
    constexpr size_t kLongest = kLongestName - kSuffixSize;
    if (name.empty())
      throw InputError("a tensor without a name cannot be in an .npz file");
    if (name.size() > kLongest)
      throw InputError(shown + "... has " + std::to_string(name.size()) +
                       " bytes, an .npz file holds at most " + std::to_string(kLongest));
    if (name.find('\0') != std::string::npos)
      throw InputError(shown + " goes on after a NUL, which an .npz file cannot hold");
    if (!isUtf8(name))
      throw InputError(shown + " is not UTF-8, which an .npz file expects");
    if (names.count(name + kSuffix)) // numpy gives the one when asked for the other
      throw InputError(shown + " and '" + name + kSuffix + "' cannot be in one .npz file");
  }
}

std::vector<uint8_t> serializeNpz(const TensorMap &tensors, bool deflate) {
  std::set<std::string> names;
  for (const auto &[name, tensor] : tensors)
    names.insert(name);
  checkNpzNames(names);
  Writer writer;
  for (const auto &[name, tensor] : tensors)
    writer.add(name, tensor, deflate);
  return writer.finish();
}

} // namespace arsis::ref
