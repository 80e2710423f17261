// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the zip container of .npz files. Reading goes through the central directory (numpy streams members,
// so that sizes in local headers may be absent); every offset is checked against the file before it is
// followed.
#include "runtime/common/Npz.h"
#include "runtime/common/Zip.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/InputFile.h"

#include <algorithm>
#include <set>
#include <zlib.h>

namespace arsis::ref {
namespace {

using namespace zip;

constexpr uint64_t kMaxDeflateRatio = 1100; // deflate expands at most 1032 to 1

class Reader {
public:
  Reader(const uint8_t *data, size_t size, const std::string &file) : data(data), size(size), file(file) {}

  TensorMap read(const MemberCheck &check) {
    const std::vector<Member> members = directory();
    checkLayout(members);
    // Nothing is unpacked but headers before all of them have passed.
    for (const Member &member : members)
      checkHeader(member, check);
    TensorMap tensors;
    for (const Member &member : members) {
      const std::vector<uint8_t> bytes = unpack(member, member.size);
      checkSum(member, bytes);
      tensors.emplace(tensorName(member), parseNpy(bytes.data(), bytes.size(), where(member)));
    }
    return tensors;
  }

private:
  [[noreturn]] void fail(const std::string &what) const {
    throw InputError(file + ": no valid .npz archive: " + what);
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

  std::string where(const Member &member) const { return file + ": member '" + member.name + "'"; }

  static std::string tensorName(const Member &member) {
    return member.name.substr(0, member.name.size() - kSuffixSize);
  }

  /// Names are those of arrays and differ, and no byte of the file belongs to two members.
  void checkLayout(const std::vector<Member> &members) const {
    std::set<std::string> names;
    std::vector<std::pair<uint64_t, uint64_t>> extents;
    for (const Member &member : members) {
      if (member.name.size() <= kSuffixSize ||
          member.name.substr(member.name.size() - kSuffixSize) != kSuffix)
        throw InputError(where(member) + " is no .npy array");
      if (!names.insert(member.name).second)
        throw InputError(where(member) + " occurs twice");
      const uint64_t begin = dataOffset(member);
      span(begin, member.packedSize);
      extents.push_back({member.offset, begin + member.packedSize});
    }
    std::sort(extents.begin(), extents.end());
    for (size_t i = 1; i < extents.size(); ++i)
      if (extents[i].first < extents[i - 1].second)
        fail("members overlap at byte " + std::to_string(extents[i].first));
  }

  uint64_t dataOffset(const Member &member) const {
    if (little(member.offset, 4) != kLocalHeader)
      fail("no local header of member '" + member.name + "'");
    return member.offset + kLocalSize + little(member.offset + 26, 2) + little(member.offset + 28, 2);
  }

  /// Whether the caller takes the array, and whether the member has the bytes that its header speaks of.
  void checkHeader(const Member &member, const MemberCheck &check) const {
    if (member.flags & kEncrypted)
      throw InputError(where(member) + " is encrypted, which is not supported");
    if (member.method != kStored && member.method != kDeflated)
      throw InputError(where(member) + " is packed by method " + std::to_string(member.method) +
                       ", expected stored or deflated");
    if (member.method == kStored && member.size != member.packedSize)
      throw InputError(where(member) + " is stored with two different sizes");
    if (member.method == kDeflated && member.size / kMaxDeflateRatio > member.packedSize)
      throw InputError(where(member) + " claims more bytes than its data can hold");
    const std::vector<uint8_t> begin = unpack(member, std::min<uint64_t>(member.size, kMostNpyHeaderBytes));
    const NpyHeader header = parseNpyHeader(begin.data(), begin.size(), where(member));
    if (check)
      check(tensorName(member), header.shape, header.type);
    checkNpySize(header, member.size, where(member));
  }

  /// The first `count` bytes of the member.
  std::vector<uint8_t> unpack(const Member &member, uint64_t count) const {
    const uint8_t *packed = span(dataOffset(member), member.packedSize);
    if (member.method == kStored)
      return {packed, packed + count};
    return inflateFirst(packed, member.packedSize, count, count == member.size, where(member));
  }

  void checkSum(const Member &member, const std::vector<uint8_t> &bytes) const {
    uLong crc = crc32(0, nullptr, 0);
    for (size_t at = 0; at < bytes.size(); at += 1u << 30)
      crc = crc32(crc, bytes.data() + at, static_cast<uInt>(std::min<size_t>(bytes.size() - at, 1u << 30)));
    if (crc != member.crc)
      throw InputError(where(member) + " has a wrong checksum");
  }

  /// `whole`: the data must end with these bytes.
  static std::vector<uint8_t> inflateFirst(const uint8_t *packed, uint64_t packedSize, uint64_t size,
                                           bool whole, const std::string &where) {
    std::vector<uint8_t> bytes(size);
    z_stream stream = {};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) // raw deflate, no zlib header
      throw InputError(where + ": zlib does not start");
    uint64_t in = 0, out = 0;
    int status = Z_OK;
    while (status == Z_OK && (whole || out < size)) {
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
    if (out != size || (whole && status != Z_STREAM_END))
      throw InputError(where + " has damaged compressed data");
    return bytes;
  }

  const uint8_t *data;
  size_t size;
  const std::string &file;
};

} // namespace

TensorMap parseNpz(const uint8_t *data, size_t size, const std::string &name, const MemberCheck &check) {
  return Reader(data, size, name).read(check);
}

TensorMap readNpz(const std::string &path, const MemberCheck &check) {
  const std::string bytes = readFile(path);
  return parseNpz(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), path, check);
}

} // namespace arsis::ref
