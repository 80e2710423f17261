// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-chip: look at chip descriptions. `keys` prints the manual page of all keys, `list` the names of the
// chips, `show CHIP` one chip with its sources, `diff A B` the keys on which two chips differ.
#include "tools/common/Main.h"
#include "arch_configs/reader/Chip.h"
#include "arch_configs/schema/Keys.h"

#include <iostream>

using namespace arsis;

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
    for (const chip::KeySpec &spec : chip::keySpecs())
      std::cout << spec.key << " = " << chip.text(spec.key) << " " << spec.unit << "  ("
                << chip.source(spec.key) << ")\n";
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
