// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One .npy array: magic, version, a Python dict literal as header, then the elements.
#include "runtime/common/Npz.h"

#include "dialects/Isa/Encoding/ErrorKind.h"

#include <cstring>
#include <string_view>

namespace arsis::ref {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

/// Reads the header's dict literal: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
public:
  HeaderParser(std::string_view text, const std::string &name) : text(text), name(name) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr" && !hasDescr) {
        descr = string();
        hasDescr = true;
      } else if (key == "fortran_order" && !hasOrder) {
        fortran = boolean();
        hasOrder = true;
      } else if (key == "shape" && !hasShape) {
        shape = tuple();
        hasShape = true;
      } else {
        fail("unexpected key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skipSpace();
    if (position != text.size())
      fail("text after its end");
    if (!hasDescr || !hasOrder || !hasShape)
      fail("'descr', 'fortran_order' or 'shape' is missing");
  }

  std::string descr;
  bool fortran = false;
  Shape shape;

private:
  [[noreturn]] void fail(const std::string &what) const {
    throw InputError(name + ": bad array header: " + what);
  }
  void skipSpace() {
    while (position < text.size() && (text[position] == ' ' || text[position] == '\n'))
      ++position;
  }
  bool accept(char c) {
    skipSpace();
    if (position >= text.size() || text[position] != c)
      return false;
    ++position;
    return true;
  }
  void expect(char c) {
    if (!accept(c))
      fail(std::string("expected '") + c + "' at byte " + std::to_string(position));
  }
  std::string string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'')
      expect(quote);
    const size_t end = text.find(quote, position);
    if (end == std::string_view::npos)
      fail("unterminated string (structured types are not supported)");
    std::string value(text.substr(position, end - position));
    position = end + 1;
    return value;
  }
  bool boolean() {
    skipSpace();
    for (const auto &[word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (text.substr(position, word.size()) == word) {
        position += word.size();
        return value;
      }
    fail("expected True or False at byte " + std::to_string(position));
  }
  int64_t integer() {
    skipSpace();
    const size_t begin = position;
    int64_t value = 0;
    while (position < text.size() && text[position] >= '0' && text[position] <= '9') {
      if (value > (INT64_MAX - 9) / 10)
        fail("a dim is too large");
      value = value * 10 + (text[position++] - '0');
    }
    if (position == begin)
      fail("expected a dim at byte " + std::to_string(position));
    accept('L'); // Python 2 wrote long integers so
    return value;
  }
  Shape tuple() {
    Shape dims;
    expect('(');
    while (!accept(')')) {
      dims.push_back(integer());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dims;
  }

  std::string_view text;
  const std::string &name;
  size_t position = 0;
  bool hasDescr = false, hasOrder = false, hasShape = false;
};

HostType typeOf(const std::string &descr, const std::string &name) {
  if (descr == "<f4")
    return HostType::F32;
  if (descr == "<f8")
    return HostType::F64;
  if (descr == "<i4")
    return HostType::I32;
  if (descr == "<i8")
    return HostType::I64;
  throw InputError(name + ": element type '" + descr + "' is not supported, expected <f4, <f8, <i4 or <i8");
}

const char *descrOf(HostType type) {
  static const char *const descrs[] = {"<f4", "<f8", "<i4", "<i8"};
  return descrs[static_cast<size_t>(type)];
}

} // namespace

NpyHeader parseNpyHeader(const uint8_t *data, size_t size, const std::string &name) {
  if (size < 10 || std::string_view(reinterpret_cast<const char *>(data), 6) != kMagic)
    throw InputError(name + ": no .npy array (bad magic)");
  const int major = data[6];
  if (major < 1 || major > 3)
    throw InputError(name + ": .npy version " + std::to_string(major) + " is not supported, expected 1 to 3");
  const size_t lengthBytes = major == 1 ? 2 : 4;
  size_t length = 0, begin = 8 + lengthBytes;
  if (size < begin)
    throw InputError(name + ": truncated array header");
  for (size_t i = 0; i < lengthBytes; ++i)
    length |= static_cast<size_t>(data[8 + i]) << (8 * i);
  if (begin + length > kMostNpyHeaderBytes)
    throw InputError(name + ": array header of " + std::to_string(length) + " bytes, expected at most " +
                     std::to_string(kMostNpyHeaderBytes - begin));
  if (length > size - begin)
    throw InputError(name + ": truncated array header");
  HeaderParser parser(std::string_view(reinterpret_cast<const char *>(data) + begin, length), name);
  parser.parse();
  if (parser.fortran)
    throw InputError(name + ": array is in Fortran order, expected C order (use numpy.ascontiguousarray)");
  return {parser.shape, typeOf(parser.descr, name), begin + length};
}

void checkNpySize(const NpyHeader &header, uint64_t size, const std::string &name) {
  const uint64_t found = size - header.size, element = sizeOf(header.type);
  const std::string array = name + ": array of shape " + toString(header.shape) + " has " +
                            std::to_string(found) + " bytes of elements, expected ";
  uint64_t expected = 0;
  try {
    expected = static_cast<uint64_t>(elementCount(header.shape));
  } catch (const Error &) {
    throw InputError(array + "more than 64 bits can count");
  }
  if (found % element || found / element != expected)
    throw InputError(array + std::to_string(expected) + " times " + std::to_string(element));
}

HostTensor parseNpy(const uint8_t *data, size_t size, const std::string &name) {
  const NpyHeader header = parseNpyHeader(data, size, name);
  // Checked before anything is allocated: a wrong shape must not ask for more memory than the file has bytes.
  checkNpySize(header, size, name);
  HostTensor tensor(header.shape, header.type);
  tensor.copyFrom(data + header.size, size - header.size);
  return tensor;
}

std::vector<uint8_t> serializeNpy(const HostTensor &tensor) {
  std::string shape = "(";
  for (int64_t dim : tensor.shape())
    shape += std::to_string(dim) + ", ";
  if (tensor.shape().size() > 1)
    shape.resize(shape.size() - 2);
  else if (tensor.shape().size() == 1)
    shape.resize(shape.size() - 1);
  std::string header = std::string("{'descr': '") + descrOf(tensor.type()) +
                       "', 'fortran_order': False, 'shape': " + shape + "), }";
  // Elements start at a multiple of 64 bytes, and a line feed ends the header.
  header += std::string((64 - (10 + header.size() + 1) % 64) % 64, ' ') + "\n";
  std::vector<uint8_t> bytes(kMagic.begin(), kMagic.end());
  bytes.insert(bytes.end(),
               {1, 0, static_cast<uint8_t>(header.size()), static_cast<uint8_t>(header.size() >> 8)});
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), tensor.data(), tensor.data() + tensor.byteSize());
  return bytes;
}

} // namespace arsis::ref
