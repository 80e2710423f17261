// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Options.h.
#include "tools/common/Options.h"

#include "arch_configs/reader/Options.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "tools/common/Main.h"

#include <charconv>

namespace arsis::tool {

options::variables_map parseOptions(int argc, char **argv, const options::options_description &described,
                                    const options::positional_options_description &positions) {
  constexpr int kStyle =
      options::command_line_style::default_style & ~options::command_line_style::allow_guessing;
  options::variables_map given;
  try {
    options::store(
        options::command_line_parser(argc, argv).options(described).positional(positions).style(kStyle).run(),
        given);
    options::notify(given);
    return given;
  } catch (const options::unknown_option &error) {
    throw Error("found option '" + error.get_option_name() + "', expected one of those that --help lists");
  } catch (const options::multiple_occurrences &error) {
    throw Error(error.get_option_name() + ": found it more than once, expected it once");
  } catch (const options::too_many_positional_options_error &) {
    throw Error("found more arguments than the " + std::to_string(positions.max_total_count()) +
                " expected, beside the options");
  } catch (const options::invalid_command_line_syntax &error) {
    const bool extra = error.kind() == options::invalid_syntax::extra_parameter;
    throw Error(error.get_option_name() +
                (extra ? ": found a value, expected none" : ": found no value, expected one"));
  } catch (const options::error &error) {
    throw Error(error.what());
  }
}

std::string required(const options::variables_map &given, const std::string &name) {
  if (!given.count(name))
    throw Error("--" + name + ": found nothing, expected a value (see --help)");
  return given[name].as<std::string>();
}

uint64_t wholeNumber(const std::string &text, const std::string &option, uint64_t least, uint64_t most) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw Error(option + ": found '" + text + "', expected a whole number " +
                (most == std::numeric_limits<uint64_t>::max()
                     ? "of at least " + std::to_string(least)
                     : "from " + std::to_string(least) + " to " + std::to_string(most)));
  return value;
}

void addPluginOption(options::options_description &described) {
  described.add_options()("load-plugin", options::value<std::vector<std::string>>()->composing(),
                          "library that brings instructions, operations, strategies or kernels");
}

void loadPlugins(const options::variables_map &given, const std::vector<isa::Taker> &takers) {
  if (!given.count("load-plugin"))
    return;
  for (const std::string &path : given["load-plugin"].as<std::vector<std::string>>()) {
    nowDoing("loading " + path);
    isa::loadPlugin(path, takers);
  }
}

isa::Program readProgram(const std::string &path) {
  nowDoing("reading " + path);
  if (path.size() < 2 || path.compare(path.size() - 2, 2, ".s") != 0)
    return isa::readProgramFile(path);
  return isa::assemble(readFile(path), path);
}

chip::Chip readChip(const std::string &nameOrPath, const std::vector<std::string> &overrides) {
  nowDoing("reading chip " + nameOrPath);
  return chip::load(nameOrPath, overrides);
}

} // namespace arsis::tool
