// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Initials.h. The format of the files is that of huggingface/safetensors: the size of a JSON header in
// eight bytes, the header (per tensor its type, shape, and first and last byte behind the header), the bytes.
#include "dialects/Isa/Encoding/Initials.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <boost/json.hpp>

#include <filesystem>
#include <set>

namespace fs = std::filesystem;

namespace arsis::isa {

uint64_t elementBytes(const Tensor &tensor) {
  return uint64_t(saturatingProduct(volume(tensor.shape), numerics::sizeInBytes(tensor.type)));
}

InitialValue initialValue(const Tensor &tensor, std::vector<uint8_t> elements) {
  const size_t size = size_t(numerics::sizeInBytes(tensor.type));
  if (elements.empty() || elements.size() != elementBytes(tensor) ||
      std::memcmp(elements.data(), elements.data() + size, elements.size() - size) != 0)
    return elements;
  Splat splat;
  std::memcpy(&splat.bits, elements.data(), size);
  return splat;
}

// ---- Reading ----

static std::string expectation(const InitialFile &file) {
  return "expected " + std::to_string(file.bytes) + " bytes with sha256 " + toHex(file.sha256);
}

/// The bytes of a file that has the size and the hash. What is no regular file might have no end.
static std::string readInitialFile(const InitialFile &file, const std::string &folder) {
  const std::string path = (fs::path(folder) / file.name).string();
  const auto fail = [&](const std::string &found) {
    throw ProgramError(path + ": " + found + ", " + expectation(file) + ": the program's initial values");
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status))
    fail("found no regular file");
  const uintmax_t size = fs::file_size(path, error);
  if (error)
    fail("cannot read the file: " + error.message());
  if (size > file.bytes)
    fail("found " + std::to_string(size) + " bytes");
  std::string bytes = readFile(path, file.bytes);
  if (const Sha256Digest found = sha256(bytes); bytes.size() != file.bytes || found != file.sha256)
    fail("found " + std::to_string(bytes.size()) + " bytes with sha256 " + toHex(found));
  return bytes;
}

InitialReader::Elements InitialReader::elements(const Initial &initial) {
  if (const auto *bytes = std::get_if<std::vector<uint8_t>>(&initial.value))
    return {bytes->data(), false};
  if (const auto *splat = std::get_if<Splat>(&initial.value))
    return {reinterpret_cast<const uint8_t *>(&splat->bits), true};
  const FileRange range = std::get<FileRange>(initial.value);
  std::optional<std::string> &file = read[range.file];
  if (!file)
    file = readInitialFile(program.files[range.file], program.folder);
  return {reinterpret_cast<const uint8_t *>(file->data()) + range.offset, false};
}

// ---- Writing ----

static const char *safetensorsType(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "F32";
  case ElementType::BF16:
    return "BF16";
  case ElementType::F16:
    return "F16";
  case ElementType::I32:
    return "I32";
  }
  throw ProgramError("element type without a name in safetensors");
}

/// Without the leading ones that pad it to four dimensions, where the host's rank is known.
static boost::json::array shapeOf(const Tensor &tensor) {
  const size_t rank = tensor.hostShape.empty() ? tensor.shape.size() : tensor.hostShape.size();
  return boost::json::array(tensor.shape.end() - std::ptrdiff_t(rank), tensor.shape.end());
}

/// Size and text of the header; fills in where the elements of each value that is no splat begin in the file.
static std::string headerOf(const Program &program, std::map<uint16_t, uint64_t> &offsets) {
  const char *kMetadata = "__metadata__";
  boost::json::object header;
  header[kMetadata] = {{"format", "arsis"}, {"layout", "chip: row-major, filters HWIO"}};
  uint64_t end = 0;
  for (const Initial &initial : program.initials) {
    if (std::holds_alternative<Splat>(initial.value))
      continue;
    const Tensor &tensor = program.tensors[initial.tensor];
    const uint64_t begin = end;
    end += elementBytes(tensor);
    if (tensor.name == kMetadata)
      throw ProgramError("tensor '" + tensor.name + "': a safetensors file gives this name another meaning");
    header[tensor.name] = {
        {"dtype", safetensorsType(tensor.type)}, {"shape", shapeOf(tensor)}, {"data_offsets", {begin, end}}};
    offsets[initial.tensor] = begin;
  }
  if (offsets.empty())
    throw ProgramError("the program has no initial values but splats, expected some for a file of their own");
  std::string text = boost::json::serialize(header);
  boost::system::error_code error;
  boost::json::parse(text, error); // which refuses what is no UTF-8, other than serialize
  if (error)
    throw ProgramError("a name of a tensor is not UTF-8, which a safetensors file expects");
  constexpr size_t kAlignment = 8; // of the elements, as the format asks for
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  std::string size;
  for (unsigned i = 0; i < 8; ++i)
    size += char(uint64_t(text.size()) >> (8 * i));
  text = size + text;
  for (auto &offset : offsets)
    offset.second += text.size();
  return text;
}

void moveInitialsToFile(Program &program, const std::string &path, const std::string &folder) {
  if (path.empty() || path == "-")
    throw ProgramError("found '" + path + "' for the file of initial values, expected the name of a file");
  std::map<uint16_t, uint64_t> offsets;
  InitialReader reader(program);
  OutputFile out(path);
  InitialFile file;
  Sha256 hash;
  const auto write = [&](std::string_view bytes) {
    out.stream().write(bytes.data(), std::streamsize(bytes.size()));
    hash.add(bytes);
    file.bytes += bytes.size();
  };
  write(headerOf(program, offsets));
  for (const Initial &initial : program.initials)
    if (offsets.count(initial.tensor))
      write({reinterpret_cast<const char *>(reader.elements(initial).data),
             size_t(elementBytes(program.tensors[initial.tensor]))});
  file.sha256 = hash.finish();
  out.commit();
  for (Initial &initial : program.initials)
    if (auto offset = offsets.find(initial.tensor); offset != offsets.end())
      initial.value = FileRange{0, offset->second};
  file.name = path;
  program.files = {std::move(file)};
  program.folder.clear();
  nameFilesFrom(program, folder);
}

// ---- Names ----

std::string folderOf(const std::string &path) { return fs::path(path).parent_path().string(); }

/// The one absolute path of a file or folder, links followed, whether or not it exists.
static fs::path absolutePath(const fs::path &path) {
  std::error_code error;
  fs::path found = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error)
    throw ProgramError(path.string() + ": cannot find the way to it: " + error.message());
  return found;
}

void nameFilesFrom(Program &program, const std::string &folder) {
  const fs::path base = absolutePath(folder.empty() ? "." : folder);
  for (InitialFile &file : program.files) {
    // A file that is a link keeps the link's name.
    const fs::path path = fs::path(program.folder.empty() ? "." : program.folder) / file.name;
    file.name = (absolutePath(path.parent_path()) / path.filename()).lexically_relative(base).string();
  }
  program.folder = folder;
}

// ---- Validation ----

static void checkFile(const InitialFile &file) {
  if (file.name.empty() || file.name.front() == '/' || file.name.find('\0') != std::string::npos)
    throw ProgramError("file '" + file.name +
                       "' of initial values: expected the way to it from the program's folder");
}

static void checkValue(const Program &program, const Initial &initial) {
  const Tensor &tensor = program.tensors[initial.tensor];
  const uint64_t expected = elementBytes(tensor);
  const auto fail = [&](const std::string &what) {
    throw ProgramError("initial value of tensor '" + tensor.name + "' " + what);
  };
  if (const auto *bytes = std::get_if<std::vector<uint8_t>>(&initial.value)) {
    if (bytes->size() != expected)
      fail("has " + std::to_string(bytes->size()) + " bytes, expected " + std::to_string(expected));
    const size_t size = size_t(numerics::sizeInBytes(tensor.type));
    if (std::memcmp(bytes->data(), bytes->data() + size, bytes->size() - size) == 0)
      fail("repeats one element, expected a splat");
  } else if (const auto *splat = std::get_if<Splat>(&initial.value)) {
    if (numerics::sizeInBytes(tensor.type) < 4 && splat->bits >> (8 * numerics::sizeInBytes(tensor.type)))
      fail("has more bits than an element");
  } else {
    const FileRange range = std::get<FileRange>(initial.value);
    if (range.file >= program.files.size())
      fail("is in file " + std::to_string(range.file) + ", but the program has " +
           std::to_string(program.files.size()));
    const InitialFile &file = program.files[range.file];
    if (expected > file.bytes || range.offset > file.bytes - expected)
      fail("reaches beyond the " + std::to_string(file.bytes) + " bytes of file '" + file.name + "'");
  }
}

void validateInitials(const Program &program) {
  std::set<std::string_view> names;
  for (const InitialFile &file : program.files) {
    checkFile(file);
    if (!names.insert(file.name).second)
      throw ProgramError("file '" + file.name + "' of initial values is listed twice");
  }
  std::set<uint16_t> initialised;
  size_t named = 0; // files so far
  for (const Initial &initial : program.initials) {
    if (initial.tensor >= program.tensors.size())
      throw ProgramError("initial value of tensor " + std::to_string(initial.tensor) +
                         ", but the program has " + std::to_string(program.tensors.size()));
    if (!initialised.insert(initial.tensor).second)
      throw ProgramError("tensor '" + program.tensors[initial.tensor].name + "' has two initial values");
    checkValue(program, initial);
    if (const auto *range = std::get_if<FileRange>(&initial.value)) {
      if (range->file > named)
        throw ProgramError("file '" + program.files[named].name +
                           "' of initial values is listed before one that is named earlier");
      named = std::max<size_t>(named, range->file + size_t(1));
    }
  }
  if (named != program.files.size())
    throw ProgramError("file '" + program.files[named].name + "' of initial values is named by none");
}

} // namespace arsis::isa
