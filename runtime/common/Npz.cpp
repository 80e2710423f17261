// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The zip container of .npz files. Reading goes through the central directory (numpy streams members, so that
// sizes in local headers may be absent); every offset is checked against the file before it is followed.
#include "runtime/common/Npz.h"

#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <zlib.h>

namespace arsis::ref {
namespace {

// Signatures and fixed sizes, APPNOTE 4.3.
constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kEnd64LocatorSize = 20;
constexpr uint16_t kZip64Extra = 1, kStored = 0, kDeflated = 8;
constexpr uint32_t kInZip64 = 0xffffffff;   // "see the zip64 field"
constexpr uint16_t kVersionZip64 = 45;      // APPNOTE 4.4.3.2
constexpr uint16_t kEarliestDate = 0x21;    // 1980-01-01: equal tensors give equal bytes
constexpr uint64_t kMaxDeflateRatio = 1100; // deflate expands at most 1032 to 1

struct Member {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packedSize = 0, size = 0, offset = 0;
};

class Reader {
public:
  Reader(const uint8_t *data, size_t size, const std::string &file) : data(data), size(size), file(file) {}

  TensorMap read() {
    TensorMap tensors;
    for (const Member &member : directory()) {
      const std::string where = file + ": member '" + member.name + "'";
      if (member.name.size() < 5 || member.name.substr(member.name.size() - 4) != ".npy")
        throw Error(where + " is no .npy array");
      const std::vector<uint8_t> bytes = unpack(member, where);
      const std::string key = member.name.substr(0, member.name.size() - 4);
      if (!tensors.emplace(key, parseNpy(bytes.data(), bytes.size(), where)).second)
        throw Error(where + " occurs twice");
    }
    return tensors;
  }

private:
  [[noreturn]] void fail(const std::string &what) const {
    throw Error(file + ": no valid .npz archive: " + what);
  }

  uint64_t little(uint64_t offset, size_t bytes) const {
    if (offset > size || bytes > size - offset)
      fail("truncated at byte " + std::to_string(size));
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i)
      value |= static_cast<uint64_t>(data[offset + i]) << (8 * i);
    return value;
  }
  const uint8_t *span(uint64_t offset, uint64_t bytes) const {
    if (offset > size || bytes > size - offset)
      fail("a member reaches past the end of the file");
    return data + offset;
  }

  std::vector<Member> directory() const {
    uint64_t end = size;
    const uint64_t lowest = size > kEndSize + 0xffff ? size - kEndSize - 0xffff : 0; // a comment may follow
    for (uint64_t at = size >= kEndSize ? size - kEndSize + 1 : 0; at-- > lowest;)
      if (little(at, 4) == kEnd && at + kEndSize + little(at + 20, 2) == size) {
        end = at;
        break;
      }
    if (end == size)
      fail("no end of central directory");
    uint64_t entries = little(end + 10, 2), length = little(end + 12, 4), at = little(end + 16, 4);
    if ((entries == 0xffff || at == kInZip64) && end >= kEnd64LocatorSize &&
        little(end - kEnd64LocatorSize, 4) == kEnd64Locator) {
      const uint64_t end64 = little(end - kEnd64LocatorSize + 8, 8);
      if (little(end64, 4) != kEnd64)
        fail("bad zip64 end of central directory");
      entries = little(end64 + 32, 8);
      length = little(end64 + 40, 8);
      at = little(end64 + 48, 8);
    }
    span(at, length);
    const uint64_t stop = at + length;
    std::vector<Member> members;
    for (uint64_t i = 0; i < entries; ++i)
      members.push_back(central(at));
    if (at != stop)
      fail("the central directory has another length than stated");
    return members;
  }

  Member central(uint64_t &at) const {
    if (little(at, 4) != kCentralHeader)
      fail("bad central directory at byte " + std::to_string(at));
    Member member;
    member.flags = little(at + 8, 2);
    member.method = little(at + 10, 2);
    member.crc = little(at + 16, 4);
    member.packedSize = little(at + 20, 4);
    member.size = little(at + 24, 4);
    const uint64_t nameSize = little(at + 28, 2), extraSize = little(at + 30, 2),
                   commentSize = little(at + 32, 2);
    member.offset = little(at + 42, 4);
    member.name.assign(reinterpret_cast<const char *>(span(at + kCentralSize, nameSize)), nameSize);
    const uint64_t extra = at + kCentralSize + nameSize, extraEnd = extra + extraSize;
    span(extra, extraSize + commentSize);
    for (uint64_t field = extra; field + 4 <= extraEnd; field += 4 + little(field + 2, 2))
      if (little(field, 2) == kZip64Extra)
        zip64(member, field + 4, std::min(field + 4 + little(field + 2, 2), extraEnd));
    at = extraEnd + commentSize;
    return member;
  }

  /// The zip64 field holds only those of the values that did not fit, in this order.
  void zip64(Member &member, uint64_t at, uint64_t end) const {
    for (uint64_t *value : {&member.size, &member.packedSize, &member.offset}) {
      if (*value != kInZip64)
        continue;
      if (at + 8 > end)
        fail("short zip64 field of member '" + member.name + "'");
      *value = little(at, 8);
      at += 8;
    }
  }

  std::vector<uint8_t> unpack(const Member &member, const std::string &where) const {
    if (member.flags & 1)
      throw Error(where + " is encrypted, which is not supported");
    if (little(member.offset, 4) != kLocalHeader)
      fail("no local header of member '" + member.name + "'");
    const uint64_t begin =
        member.offset + kLocalSize + little(member.offset + 26, 2) + little(member.offset + 28, 2);
    const uint8_t *packed = span(begin, member.packedSize);
    std::vector<uint8_t> bytes;
    if (member.method == kStored) {
      if (member.size != member.packedSize)
        throw Error(where + " is stored with two different sizes");
      bytes.assign(packed, packed + member.size);
    } else if (member.method == kDeflated) {
      if (member.size / kMaxDeflateRatio > member.packedSize)
        throw Error(where + " claims more bytes than its data can hold");
      bytes = inflateAll(packed, member.packedSize, member.size, where);
    } else {
      throw Error(where + " is packed by method " + std::to_string(member.method) +
                  ", expected stored or deflated");
    }
    uLong crc = crc32(0, nullptr, 0);
    for (size_t at = 0; at < bytes.size(); at += 1u << 30)
      crc = crc32(crc, bytes.data() + at, static_cast<uInt>(std::min<size_t>(bytes.size() - at, 1u << 30)));
    if (crc != member.crc)
      throw Error(where + " has a wrong checksum");
    return bytes;
  }

  static std::vector<uint8_t> inflateAll(const uint8_t *packed, uint64_t packedSize, uint64_t size,
                                         const std::string &where) {
    std::vector<uint8_t> bytes(size);
    z_stream stream = {};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) // raw deflate, no zlib header
      throw Error(where + ": zlib does not start");
    uint64_t in = 0, out = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      stream.next_in = const_cast<uint8_t *>(packed + in);
      stream.avail_in = static_cast<uInt>(std::min<uint64_t>(packedSize - in, 1u << 30));
      stream.next_out = bytes.data() + out;
      stream.avail_out = static_cast<uInt>(std::min<uint64_t>(size - out, 1u << 30));
      const uInt inBefore = stream.avail_in, outBefore = stream.avail_out;
      status = inflate(&stream, Z_NO_FLUSH);
      in += inBefore - stream.avail_in;
      out += outBefore - stream.avail_out;
    }
    inflateEnd(&stream);
    if (status != Z_STREAM_END || out != size)
      throw Error(where + " has damaged compressed data");
    return bytes;
  }

  const uint8_t *data;
  size_t size;
  const std::string &file;
};

class Writer {
public:
  void add(const std::string &name, const HostTensor &tensor, bool deflated) {
    const std::vector<uint8_t> array = serializeNpy(tensor);
    Member member;
    member.name = name + ".npy";
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
    put(wide ? kVersionZip64 : 20, 2), put(0, 2), put(member.method, 2), put(0, 2), put(kEarliestDate, 2);
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
      throw Error("zlib does not start");
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
      throw Error("zlib cannot compress a member");
    packed.resize(out);
    return packed;
  }

  std::vector<uint8_t> bytes;
  std::vector<Member> members;
};

} // namespace

TensorMap parseNpz(const uint8_t *data, size_t size, const std::string &name) {
  return Reader(data, size, name).read();
}

TensorMap readNpz(const std::string &path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  if (!stream)
    throw Error("cannot open '" + path + "'");
  std::vector<uint8_t> bytes(static_cast<size_t>(std::max<std::streamoff>(stream.tellg(), 0)));
  stream.seekg(0);
  if (!bytes.empty() && !stream.read(reinterpret_cast<char *>(bytes.data()), bytes.size()))
    throw Error("cannot read '" + path + "'");
  return parseNpz(bytes.data(), bytes.size(), path);
}

std::vector<uint8_t> serializeNpz(const TensorMap &tensors, bool deflate) {
  Writer writer;
  for (const auto &[name, tensor] : tensors)
    writer.add(name, tensor, deflate);
  return writer.finish();
}

void writeNpz(const std::string &path, const TensorMap &tensors, bool deflate) {
  const std::vector<uint8_t> bytes = serializeNpz(tensors, deflate);
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  stream.close();
  if (!stream)
    throw Error("cannot write '" + path + "'");
}

} // namespace arsis::ref
