// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-chip: look at chip descriptions. `keys` prints the manual page of all keys, `list` the names of the
// chips, `show CHIP` one chip with its sources and what
// follows from its sizes, `diff A B` the keys on which two chips differ.
#include "tools/common/Main.h"
#include "arch_configs/reader/Chip.h"
#include "arch_configs/schema/Keys.h"
#include "power/PowerModel.h"

#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>

using namespace arsis;

static std::string text(const power::Range &range) {
  const auto number = [](double value) {
    std::ostringstream out;
    out << std::setprecision(4) << value;
    return out.str();
  };
  return number(range.nominal) +
         (range.low < range.high ? " [" + number(range.low) + " .. " + number(range.high) + "]" : "");
}

/// What follows from sizes and technology.
static void showFunctions(const chip::Chip &chip) {
  const power::PowerModel model(chip);
  for (const power::Coefficient &energy : model.coefficients())
    if (!chip.has(energy.key))
      std::cout << energy.key << " = " << text(energy.value) << " " << energy.unit
                << "  (function: " << energy.source << ")\n";
  for (const power::Part &part : model.statics())
    std::cout << "static " << part.name << " = " << text(part.value) << " mW  (" << part.source << ")\n";
  for (const power::Part &part : model.areas())
    std::cout << "area " << part.name << " = " << text(part.value) << " mm2  (" << part.source << ")\n";
  std::cout << "clock <= " << std::floor(model.clockLimitMhz) << " MHz  (" << model.clockLimit << ")\n";
}

static int run(int argc, char **argv) {
  std::string command = argc > 1 ? argv[1] : "";
  if (command == "keys" && argc == 2) {
    std::cout << chip::keysAsMarkdown();
  } else if (command == "list" && argc == 2) {
    for (const std::string &name : chip::Chip::shipped())
      std::cout << name << "  " << chip::Chip::load(name).description << "\n";
  } else if (command == "show" && argc == 3) {
    chip::Chip chip = chip::Chip::load(argv[2]);
    std::cout << chip.name << ": " << chip.description << "\n";
    for (const std::string &key : chip.keys())
      std::cout << key << " = " << chip.text(key) << " " << chip.unit(key) << "  (" << chip.source(key)
                << ")\n";
    showFunctions(chip);
  } else if (command == "diff" && argc == 4) {
    auto found = chip::differences(chip::Chip::load(argv[2]), chip::Chip::load(argv[3]), chip::allKeys());
    for (const chip::Difference &difference : found)
      std::cout << difference.key << ": " << difference.left << " -> " << difference.right << "\n";
    return found.empty() ? 0 : 1;
  } else {
    throw Error("found " +
                (argc < 2 ? std::string("no command")
                          : "command '" + command + "' with " + std::to_string(argc - 2) + " arguments") +
                ", expected arsis-chip keys | list | show CHIP | diff CHIP CHIP");
  }
  return 0;
}

int main(int argc, char **argv) { return tool::runMain(run, argc, argv); }
