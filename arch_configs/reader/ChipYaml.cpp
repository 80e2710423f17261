// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the YAML form of a chip: sections of keys, each key a map of value, unit and source. Everything that
// is missing, unknown, repeated or out of place is an error with file and line; nothing has a default.
#include "arch_configs/reader/Chip.h"
#include "arch_configs/schema/Keys.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/InputFile.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

namespace arsis::chip {
namespace fs = std::filesystem;

namespace {

/// One file being read: its name, for messages.
class Document {
public:
  explicit Document(std::string file) : file(std::move(file)) {}

  [[noreturn]] void fail(const YAML::Mark &mark, const std::string &message) const {
    throw ChipError(file + ":" + std::to_string(mark.line + 1) + ": " + message);
  }

  /// Calls `visit(name, node, mark)` for every pair of a map; a repeated name is an error.
  template <class Visit> void forEach(const YAML::Node &map, const std::string &what, Visit visit) const {
    if (!map.IsMap())
      fail(map.Mark(), what + " is not a map, expected `name: ...` entries");
    std::map<std::string, int> lines;
    for (const auto &pair : map) {
      std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
      YAML::Mark mark = pair.first.Mark();
      auto [earlier, fresh] = lines.emplace(key, mark.line + 1);
      if (!fresh)
        fail(mark, "'" + key + "' of " + what + " is given twice, expected once (first at line " +
                       std::to_string(earlier->second) + ")");
      visit(key, pair.second, mark);
    }
  }

  std::string scalar(const YAML::Node &node, const std::string &what) const {
    if (!node.IsScalar())
      fail(node.Mark(), what + " is not a scalar, expected a single value");
    return node.Scalar();
  }

private:
  std::string file;
};

bool isSection(const std::string &name) {
  const auto &specs = keySpecs();
  return std::any_of(specs.begin(), specs.end(),
                     [&](const KeySpec &spec) { return spec.key.substr(0, spec.key.find('.')) == name; });
}

std::vector<fs::path> searchPath() {
  std::vector<fs::path> folders;
  if (const char *variable = std::getenv("ARSIS_CHIP_PATH")) {
    std::istringstream list(variable);
    for (std::string folder; std::getline(list, folder, ':');)
      if (!folder.empty())
        folders.emplace_back(folder);
  }
  folders.emplace_back(ARSIS_CHIP_SOURCE_DIR);
  folders.emplace_back(ARSIS_CHIP_INSTALL_DIR);
  return folders;
}

struct IgnoreEvents : YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark &) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark &, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark &, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark &, const std::string &, YAML::anchor_t, const std::string &) override {}
  void OnSequenceStart(const YAML::Mark &, const std::string &, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark &, const std::string &, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// 0, 1, or 2 for more. YAML::LoadAll would never end on a text that starts with a comma: yaml-cpp passes no
/// character of it and finds one empty document after the other.
int countDocuments(const std::string &yaml) {
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  IgnoreEvents ignore;
  int count = 0;
  while (count < 2 && parser.HandleNextDocument(ignore))
    ++count;
  return count;
}

} // namespace

void Chip::read(const std::string &yaml, const std::string &filename, bool isPreset) {
  Document document(filename);
  YAML::Node root;
  try {
    if (const int documents = countDocuments(yaml); documents != 1)
      throw ChipError(filename + ": found " + (documents ? "several YAML documents" : "no YAML document") +
                      ", expected one");
    root = YAML::Load(yaml);
  } catch (const YAML::Exception &error) {
    document.fail(error.mark,
                  "not valid YAML (" + error.msg + "), expected sections of `key: {value, unit, source}`");
  }
  this->filename = filename;
  auto readKey = [&](const std::string &key, const YAML::Node &node, const YAML::Mark &mark) {
    const KeySpec *spec = findKey(key);
    if (!spec)
      document.fail(mark, "unknown key '" + key + "', expected " + insteadOf(key));
    Entry entry;
    entry.line = mark.line + 1;
    std::map<std::string, std::string> parts;
    document.forEach(node, key, [&](const std::string &part, const YAML::Node &value, const YAML::Mark &at) {
      const bool range = (part == "low" || part == "high") && key.rfind("energy.", 0) == 0;
      if (part != "value" && part != "unit" && part != "source" && !range)
        document.fail(at, "unknown part '" + part + "' of " + key + ", expected value, unit and source" +
                              (key.rfind("energy.", 0) == 0 ? ", low and high" : ""));
      parts[part] = document.scalar(value, part + " of " + key);
    });
    for (const char *part : {"value", "unit", "source"})
      if (parts[part].empty())
        document.fail(mark, std::string(part) + " of " + key + " is missing, expected {value: ..., unit: " +
                                std::string(spec->unit) + ", source: ...}");
    if (parts["unit"] != spec->unit)
      document.fail(mark, "unit '" + parts["unit"] + "' of " + key + " is wrong, expected " +
                              std::string(spec->unit));
    entry.text = parts["value"];
    entry.source = parts["source"];
    setValue(*spec, std::move(entry), parts["low"], parts["high"]);
  };
  document.forEach(
      root, isPreset ? "the preset" : "the chip",
      [&](const std::string &section, const YAML::Node &node, const YAML::Mark &mark) {
        if (section == "name" || section == "description") {
          (section == "name" ? name : description) = document.scalar(node, section);
        } else if (isPreset && section != "dram") {
          document.fail(mark, "unknown key '" + section + "', expected name, description or dram");
        } else if (!isSection(section)) {
          document.fail(mark,
                        "unknown key '" + section +
                            "', expected name, description or a section of arch_configs/schema/keys.md");
        } else {
          document.forEach(node, section,
                           [&](const std::string &key, const YAML::Node &value, const YAML::Mark &at) {
                             readKey(section + "." + key, value, at);
                           });
        }
      });
  if (name.empty())
    document.fail(root.Mark(), "key 'name' is missing, expected the " +
                                   std::string(isPreset ? "preset" : "chip") + "'s name");
  firstLine = root.Mark().line + 1;
}

Chip Chip::parse(const std::string &yaml, const std::string &filename) {
  Chip chip;
  chip.read(yaml, filename, false);
  chip.fillFromPreset();
  std::string missing;
  for (const KeySpec &spec : keySpecs())
    if (!spec.optional && !chip.entries.count(spec.key))
      missing += (missing.empty() ? "" : ", ") + std::string(spec.key) + " [" + std::string(spec.unit) + "]";
  if (!missing.empty())
    throw ChipError(filename + ":" + std::to_string(chip.firstLine) + ": missing keys, expected also " +
                    missing);
  chip.deriveBandwidth();
  chip.checkConsistency();
  return chip;
}

/// The names of the YAML files of the folders, sorted.
static std::vector<std::string> namesIn(const std::vector<fs::path> &folders) {
  std::set<std::string> names;
  for (const fs::path &folder : folders) {
    std::error_code ignored; // a folder of the search path need not exist
    for (const auto &file : fs::directory_iterator(folder, ignored))
      if (file.path().extension() == ".yaml")
        names.insert(file.path().stem().string());
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Chip::shipped() { return namesIn(searchPath()); }

static std::vector<fs::path> presetPath() {
  std::vector<fs::path> folders;
  for (const fs::path &folder : searchPath())
    folders.insert(folders.end(), {folder / "dram", folder.parent_path() / "dram"});
  return folders;
}

std::vector<std::string> Chip::dramPresets() { return namesIn(presetPath()); }

/// The file of a name in one of the folders, or the path that the name is. Throws Error if there is none.
static fs::path fileOf(const std::string &pathOrName, const std::vector<fs::path> &folders,
                       const std::string &what) {
  if (pathOrName.find('/') != std::string::npos || fs::path(pathOrName).extension() == ".yaml")
    return pathOrName;
  for (const fs::path &folder : folders) {
    std::error_code ignored; // a name that no file can have is the name of none
    if (fs::path candidate = folder / (pathOrName + ".yaml"); fs::exists(candidate, ignored))
      return candidate;
  }
  std::string known;
  for (const std::string &name : namesIn(folders))
    known += (known.empty() ? "" : ", ") + name;
  constexpr size_t kMostShown = 64; // characters of a name
  throw ChipError(what + " '" + pathOrName.substr(0, kMostShown) +
                  (pathOrName.size() > kMostShown ? "..." : "") + "', expected one of " + known +
                  " or the path of a .yaml file");
}

Chip Chip::loadPreset(const std::string &name, const std::string &place) {
  const fs::path path = fileOf(name, presetPath(), place + ": unknown dram.preset");
  Chip preset;
  preset.read(readFile(path), path.string(), true);
  return preset;
}

/// The same as Chip::parse; a compilation reads its chip in every pass, a sweep for every point, and reading
/// a chip takes milliseconds, so that each thread remembers the last text.
static Chip parseAgain(std::string yaml, const std::string &filename) {
  struct Parsed {
    std::string yaml, filename;
    Chip chip;
  };
  thread_local std::optional<Parsed> last;
  if (!last || last->yaml != yaml || last->filename != filename) {
    Chip chip = Chip::parse(yaml, filename);
    if (chip.withoutReads().text("dram.preset") != "none") // whose file may change meanwhile
      return chip;
    last.emplace(Parsed{std::move(yaml), filename, std::move(chip)});
  }
  return last->chip.withoutReads();
}

Chip Chip::load(const std::string &pathOrName) {
  const fs::path path = fileOf(pathOrName, searchPath(), "unknown chip");
  return parseAgain(readFile(path), path.string());
}

} // namespace arsis::chip
