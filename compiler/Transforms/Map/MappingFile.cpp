// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes mapping decisions.
#include "compiler/Transforms/Map/MappingFile.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace arsis::compiler {

namespace {

/// What a scan of the text finds before the parser, which calls itself for every bracket and forgets the
/// first of two equal keys.
struct Scan {
  size_t deepest = 0; // brackets
  size_t keys = 0;    // colons outside of strings

  explicit Scan(llvm::StringRef text) {
    size_t depth = 0;
    bool inString = false;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (inString && c == '\\')
        ++i;
      else if (c == '"')
        inString = !inString;
      else if (inString)
        continue;
      else if (c == '[' || c == '{')
        deepest = std::max(deepest, ++depth);
      else if ((c == ']' || c == '}') && depth != 0)
        --depth;
      else if (c == ':')
        ++keys;
    }
  }
};

constexpr size_t kDeepest = 64; // of two that have a meaning

} // namespace

bool MappingFile::parse(const std::string &text, const std::string &name, std::string &why) {
  const Scan scan(text);
  if (scan.deepest > kDeepest) {
    why = name + ": brackets nest " + std::to_string(scan.deepest) +
          " deep, expected operations and their fields";
    return false;
  }
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value) {
    why = name + ": " + llvm::toString(value.takeError());
    return false;
  }
  const llvm::json::Object *object = value->getAsObject();
  if (!object) {
    why = name + ": expected an object of operations";
    return false;
  }
  size_t keys = 0;
  for (const auto &[key, fields] : *object) {
    const llvm::json::Object *decisions = fields.getAsObject();
    if (!decisions) {
      why = name + ": '" + key.str() + "' is no object of fields";
      return false;
    }
    for (const auto &[field, number] : *decisions) {
      std::optional<int64_t> integer = number.getAsInteger();
      if (!integer) {
        why = name + ": '" + key.str() + "' field '" + field.str() + "' is no whole number";
        return false;
      }
      set(key.str(), field.str(), *integer);
    }
    keys += 1 + decisions->size();
  }
  if (keys != scan.keys) {
    why = name + ": a key is given twice, expected every operation and every field of it once";
    return false;
  }
  return true;
}

bool MappingFile::read(const std::string &path, std::string &why) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    why = "cannot read mapping file '" + path + "': " + buffer.getError().message();
    return false;
  }
  return parse((*buffer)->getBuffer().str(), path, why);
}

std::string MappingFile::text() const {
  llvm::json::Object object;
  for (const auto &[key, pins] : entries) {
    llvm::json::Object fields;
    for (const auto &[field, value] : pins)
      fields[field] = value;
    object[key] = std::move(fields);
  }
  std::string result;
  llvm::raw_string_ostream stream(result);
  stream << llvm::formatv("{0:2}", llvm::json::Value(std::move(object)));
  return result;
}

Pins MappingFile::take(const std::string &key) {
  used.insert(key);
  auto found = entries.find(key);
  return found == entries.end() ? Pins() : found->second;
}

std::vector<std::string> MappingFile::unused() const {
  std::vector<std::string> keys;
  for (const auto &[key, pins] : entries)
    if (!used.count(key))
      keys.push_back(key);
  return keys;
}

} // namespace arsis::compiler
