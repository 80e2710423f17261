// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads data that a model keeps beside itself. Names of files come from the model, so they are not believed:
// links are followed before a name is compared with the folder.

#include "compiler/Import/Onnx/External.h"

#include "compiler/Import/Onnx/Tensor.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <filesystem>
#include <map>

namespace arsis::compiler::onnximport {

namespace fs = std::filesystem;
using llvm::StringRef;

namespace {

/// The entries of TensorProto.external_data.
struct Place {
  std::string file;
  uint64_t offset = 0;
  std::optional<uint64_t> length; ///< none: what the shape and the type need
};

/// Empty, or the problem.
std::string readPlace(const onnx::TensorProto &proto, Place &place) {
  auto number = [](StringRef text, uint64_t &value) { return !text.getAsInteger(10, value); };
  for (const onnx::StringStringEntryProto &entry : proto.external_data()) {
    uint64_t value = 0;
    if (entry.key() == "location")
      place.file = entry.value();
    if (entry.key() != "offset" && entry.key() != "length")
      continue;
    if (!number(entry.value(), value))
      return "the " + entry.key() + " of its external data is '" + entry.value() +
             "', expected a whole number of bytes";
    if (entry.key() == "offset")
      place.offset = value;
    else
      place.length = value;
  }
  return place.file.empty() ? "its external data name no file" : "";
}

bool isInside(const fs::path &folder, const fs::path &file) {
  const fs::path way = file.lexically_relative(folder);
  return !way.empty() && *way.begin() != "..";
}

/// The file, links followed, whether it exists or not; or a problem.
std::string findFile(const std::string &folder, const std::string &name, fs::path &found) {
  std::error_code failed;
  const fs::path home = fs::weakly_canonical(folder.empty() ? "." : folder, failed);
  const std::string quoted = "'" + name + "'";
  if (failed || fs::path(name).is_absolute() || name.find('\0') != std::string::npos ||
      !isInside(home, (home / name).lexically_normal()))
    return "its data lie in " + quoted + ", expected a file in the model's own folder or below";
  found = fs::weakly_canonical(home / name, failed);
  if (failed || !isInside(home, found))
    return "its data lie in " + quoted + ", which leads out of the model's folder, expected a file in it";
  if (fs::exists(found, failed) && !fs::is_regular_file(found, failed))
    return "its data lie in " + quoted + ", which is no file";
  return {};
}

class Reader {
public:
  Reader(const std::optional<std::string> &folder, bool mayLackFiles)
      : folder(folder), mayLackFiles(mayLackFiles) {}

  void read(onnx::TensorProto &proto, const std::string &what) {
    if (proto.data_location() != onnx::TensorProto::EXTERNAL)
      return;
    if (std::string problem = readTensor(proto, what); !problem.empty())
      problems.push_back(what + ": " + problem);
  }

  std::vector<std::string> finish() {
    for (const auto &[file, tensors] : absent)
      problems.push_back(
          tensors.front() + ": its data lie in '" + file + "', which is not in the model's folder" +
          (tensors.size() > 1 ? ", as do those of " + std::to_string(tensors.size() - 1) + " others" : "") +
          "; keep the two files together, or let " + optionName("random-weights") + " SEED make values");
    return std::move(problems);
  }

private:
  /// Empty, or the problem of this tensor.
  std::string readTensor(onnx::TensorProto &proto, const std::string &what) {
    Place place;
    if (std::string problem = readPlace(proto, place); !problem.empty())
      return problem;
    if (!folder)
      return "its data lie in another file, '" + place.file + "'; give the path of the model, not its bytes";
    const size_t width = elementBytes(proto.data_type());
    const std::optional<int64_t> count = elementCount({proto.dims().data(), size_t(proto.dims_size())});
    proto.clear_data_location();
    if (width == 0 || !count)
      return {}; // whoever decodes it refuses it
    const uint64_t needed = *count * width;
    if (place.length && *place.length != needed)
      return "its external data have " + std::to_string(*place.length) + " bytes, its shape and type need " +
             std::to_string(needed);
    fs::path file;
    if (std::string problem = findFile(*folder, place.file, file); !problem.empty())
      return problem;
    proto.clear_external_data();
    std::error_code failed;
    if (!fs::exists(file, failed)) {
      proto.set_raw_data("");
      if (!mayLackFiles)
        absent[place.file].push_back(what);
      return {};
    }
    return copyBytes(proto, file, place, needed);
  }

  static std::string copyBytes(onnx::TensorProto &proto, const fs::path &file, const Place &place,
                               uint64_t needed) {
    std::error_code failed;
    const uint64_t size = fs::file_size(file, failed);
    if (failed || place.offset > size || needed > size - place.offset)
      return "its data are " + std::to_string(needed) + " bytes from byte " + std::to_string(place.offset) +
             " of '" + place.file + "' on, which has " + std::to_string(failed ? 0 : size) + " bytes";
    auto bytes = llvm::MemoryBuffer::getFileSlice(file.string(), needed, place.offset);
    if (!bytes)
      return "cannot read '" + place.file + "': " + bytes.getError().message();
    proto.set_raw_data((*bytes)->getBufferStart(), needed);
    return {};
  }

  const std::optional<std::string> &folder;
  bool mayLackFiles;
  std::vector<std::string> problems;
  std::map<std::string, std::vector<std::string>> absent; ///< tensors by the file that is not there
};

} // namespace

std::vector<std::string> readExternalData(onnx::GraphProto &graph, const std::optional<std::string> &folder,
                                          bool mayLackFiles) {
  Reader reader(folder, mayLackFiles);
  for (onnx::TensorProto &proto : *graph.mutable_initializer())
    reader.read(proto, "initialiser '" + proto.name() + "'");
  for (onnx::NodeProto &node : *graph.mutable_node())
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_t())
        reader.read(*attribute.mutable_t(),
                    "node '" + (node.name().empty() && node.output_size() ? node.output(0) : node.name()) +
                        "' (" + node.op_type() + ")");
  return reader.finish();
}

} // namespace arsis::compiler::onnximport
