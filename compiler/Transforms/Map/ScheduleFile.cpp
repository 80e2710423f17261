// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes schedules.
#include "compiler/Transforms/Map/ScheduleFile.h"

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

namespace {

/// One schedule; the reason in `why` if it is none. Counts the keys it has met.
class Reader {
public:
  Reader(std::string where, std::string &why) : where(std::move(where)), why(why) {}

  bool read(const llvm::json::Object &object, Pins &pins) {
    for (const auto &[name, value] : object)
      if (!readEntry(name.str(), value, pins))
        return false;
    keys += object.size();
    return true;
  }
  size_t keys = 0;

private:
  bool fail(const std::string &what) {
    why = where + what;
    return false;
  }

  bool readEntry(const std::string &name, const llvm::json::Value &value, Pins &pins) {
    if (name == "strategy") {
      if (auto text = value.getAsString()) {
        pins.strategy = text->str();
        return true;
      }
      return fail(" strategy is no text");
    }
    if (name == schedule::kLoops) {
      const llvm::json::Array *loops = value.getAsArray();
      for (const llvm::json::Value &loop : loops ? *loops : llvm::json::Array()) {
        auto text = loop.getAsString();
        if (!text)
          return fail(" loops are no names");
        pins.loops.push_back(text->str());
      }
      return loops ? true : fail(" loops are no array of names");
    }
    const llvm::json::Object *group = value.getAsObject();
    if (!group)
      return fail(" group '" + name + "' is no object of numbers");
    for (const auto &[field, number] : *group) {
      std::optional<int64_t> integer = number.getAsInteger();
      if (!integer)
        return fail(" field '" + name + "." + field.str() + "' is no whole number");
      pins.numbers[name + "." + field.str()] = *integer;
    }
    keys += group->size();
    return true;
  }

  const std::string where;
  std::string &why;
};

} // namespace

bool ScheduleFile::parse(const std::string &text, const std::string &name, std::string &why) {
  const Scan scan(text);
  if (scan.deepest > kDeepest) {
    why = name + ": brackets nest " + std::to_string(scan.deepest) +
          " deep, expected operations and their schedules";
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
  for (const auto &[key, decisions] : *object) {
    const llvm::json::Object *fields = decisions.getAsObject();
    if (!fields) {
      why = name + ": '" + key.str() + "' is no object of decisions";
      return false;
    }
    Reader reader(name + ": '" + key.str() + "'", why);
    if (!reader.read(*fields, entries[key.str()]))
      return false;
    keys += 1 + reader.keys;
  }
  if (keys != scan.keys) {
    why = name + ": a key is given twice, expected every operation and every field of it once";
    return false;
  }
  return true;
}

bool ScheduleFile::read(const std::string &path, std::string &why) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    why = "cannot read the schedules in '" + path + "': " + buffer.getError().message();
    return false;
  }
  return parse((*buffer)->getBuffer().str(), path, why);
}

std::string ScheduleFile::text() const {
  llvm::json::Object object;
  for (const auto &[key, pins] : entries) {
    llvm::json::Object schedule;
    if (!pins.strategy.empty())
      schedule["strategy"] = pins.strategy;
    if (!pins.loops.empty())
      schedule[schedule::kLoops] = llvm::json::Array(pins.loops);
    for (const auto &[field, value] : pins.numbers) {
      auto [group, name] = llvm::StringRef(field).split('.');
      llvm::json::Value &numbers = schedule.try_emplace(group, llvm::json::Object()).first->second;
      (*numbers.getAsObject())[name] = value;
    }
    object[key] = std::move(schedule);
  }
  std::string result;
  llvm::raw_string_ostream stream(result);
  stream << llvm::formatv("{0:2}", llvm::json::Value(std::move(object)));
  return result;
}

bool ScheduleFile::has(const std::string &key) const {
  auto isNumbered = [&](const auto &entry) {
    llvm::StringRef name = entry.first;
    unsigned number = 0;
    return name.consume_front(key) && name.consume_front(".") && !name.getAsInteger(10, number);
  };
  return entries.count(key) || llvm::any_of(entries, isNumbered);
}

Pins ScheduleFile::take(const std::string &key) {
  used.insert(key);
  auto found = entries.find(key);
  return found == entries.end() ? Pins() : found->second;
}

std::vector<std::string> ScheduleFile::unused() const {
  std::vector<std::string> keys;
  for (const auto &[key, pins] : entries)
    if (!used.count(key))
      keys.push_back(key);
  return keys;
}

} // namespace arsis::compiler
