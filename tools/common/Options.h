// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of the command line, and the inputs that several tools read. Every mistake is an Error that says
// what was found and what was expected: `--batch: found 'x', expected a whole number of at least 1`.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Externals.h"

#include <boost/program_options.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace arsis::tool {

namespace options = boost::program_options;

/// Names must be written out. An option may be given once, unless it is composing.
options::variables_map parseOptions(int argc, char **argv, const options::options_description &described,
                                    const options::positional_options_description &positions);

/// The text of an option without a default; Error if it was not given.
std::string required(const options::variables_map &given, const std::string &name);

/// A number without sign, from `least` to `most`. `option` is how the message calls it: "--batch".
uint64_t wholeNumber(const std::string &text, const std::string &option, uint64_t least = 0,
                     uint64_t most = std::numeric_limits<uint64_t>::max());

/// Adds --load-plugin, which may be given several times.
void addPluginOption(options::options_description &described);
/// Loads what --load-plugin named. Before any program is read.
void loadPlugins(const options::variables_map &given, const std::vector<isa::Taker> &takers = {});

/// A program file, or assembly if the name ends in ".s".
isa::Program readProgram(const std::string &path);

/// A shipped chip or a YAML file, with values overridden by the KEY=VALUE of --set.
chip::Chip readChip(const std::string &nameOrPath, const std::vector<std::string> &overrides);

} // namespace arsis::tool
