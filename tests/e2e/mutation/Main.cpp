// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arsis-mutate PROGRAM CHIP INPUTS.npz MODE COUNT [SEED]: changes a program again and again and says what
// caught each change.
// - mutations: COUNT random changes: caught by the verifier, by the machine, or by values that differ
//   from the unchanged run; or equivalent by proof (every resolved instance is the same, or adds only work
//   nobody reads, and the verifier accepts the waits); or a survivor.
// - waits: each wait weakened by one (accepted: it is longer than it has to be) and removed (accepted: it is
//   redundant): rejected, or accepted and then equal under COUNT latency seeds.
// - latency: the unchanged program under COUNT latency seeds.
//
// Prints one JSON object.
#include "tests/e2e/mutation/Meaning.h"
#include "tests/e2e/mutation/Mutation.h"
#include "tests/e2e/mutation/Trial.h"

#include "dialects/Isa/Encoding/Error.h"

#include <iostream>

using namespace arsis;
using namespace arsis::mutation;
namespace json = boost::json;

namespace {

json::object tryMutations(const Trial &trial, const isa::Program &program, uint64_t count, uint64_t seed) {
  const Outputs expected = trial.run(program);
  uint64_t byVerifier = 0, byMachine = 0, byValues = 0, equivalent = 0;
  json::array survivors;
  Random random(seed);
  for (uint64_t i = 0; i < count; ++i) {
    isa::Program changed = program;
    std::string what = mutate(changed, random);
    if (trial.rejected(changed)) {
      ++byVerifier;
      continue;
    }
    try {
      const bool same = sameMeaning(program, changed, trial.chip.integer("matrix.weight_banks")) ||
                        onlyDeadWorkAdded(program, changed, trial.chip);
      const bool differs = firstDifference(expected, trial.run(changed)).has_value();
      if (same && differs)
        throw std::logic_error("proven equivalent, yet the values differ: " + what);
      if (same)
        ++equivalent;
      else if (differs)
        ++byValues;
      else
        survivors.emplace_back(what);
    } catch (const Error &) {
      ++byMachine;
    }
  }
  return {{"count", count},     {"verifier", byVerifier},   {"machine", byMachine},
          {"values", byValues}, {"equivalent", equivalent}, {"survivors", survivors}};
}

/// Whether some seed gives other bits; the machine refusing the program counts as different.
bool differsUnderSomeSeed(const Trial &trial, const isa::Program &program, const Outputs &expected,
                          uint64_t seeds) {
  try {
    for (uint64_t seed = 1; seed <= seeds; ++seed)
      if (firstDifference(expected, trial.run(program, seed)))
        return true;
  } catch (const Error &) {
    return true;
  }
  return false;
}

json::object tryWaits(const Trial &trial, const isa::Program &program, uint64_t seeds) {
  constexpr uint64_t kRacesToShow = 5;
  const Outputs expected = trial.run(program);
  uint64_t rejected = 0, redundant = 0, longer = 0, racesTried = 0, racesShown = 0;
  json::array holes;
  std::vector<WaitSite> sites = waitsOf(program);
  for (const WaitSite &site : sites)
    for (bool remove : {false, true}) {
      isa::Program changed = remove ? removed(program, site) : weakened(program, site);
      if (trial.rejected(changed)) {
        ++rejected;
        if (racesShown < kRacesToShow && racesTried++ < 10 * kRacesToShow)
          racesShown += differsUnderSomeSeed(trial, changed, expected, seeds);
      } else {
        ++(remove ? redundant : longer);
        if (differsUnderSomeSeed(trial, changed, expected, seeds))
          holes.emplace_back(describe(program, site.site) + (remove ? ": wait removed" : ": wait weakened"));
      }
    }
  return {{"waits", sites.size()}, {"rejected", rejected},      {"redundant", redundant},
          {"longer", longer},      {"races_shown", racesShown}, {"holes", holes}};
}

json::object tryLatencies(const Trial &trial, const isa::Program &program, uint64_t seeds) {
  const Outputs expected = trial.run(program);
  json::array different;
  for (uint64_t seed = 1; seed <= seeds; ++seed)
    if (auto name = firstDifference(expected, trial.run(program, seed)))
      different.emplace_back(std::to_string(seed) + ": " + *name);
  return {{"seeds", seeds}, {"tensors", expected.size()}, {"different", different}};
}

json::object run(int count, char **arguments) {
  if (count < 6)
    throw Error("expected: arsis-mutate PROGRAM CHIP INPUTS.npz mutations|waits|latency COUNT [SEED]");
  isa::Program program = isa::readProgramFile(arguments[1]);
  Trial trial(chip::Chip::load(arguments[2]), ref::readNpz(arguments[3]));
  std::string mode = arguments[4];
  uint64_t number = std::stoull(arguments[5]), seed = count > 6 ? std::stoull(arguments[6]) : 1;
  if (auto reason = trial.rejected(program))
    throw Error("the unchanged program is rejected: " + *reason);
  if (mode == "mutations")
    return tryMutations(trial, program, number, seed);
  if (mode == "waits")
    return tryWaits(trial, program, number);
  if (mode == "latency")
    return tryLatencies(trial, program, number);
  throw Error("found mode '" + mode + "', expected mutations, waits or latency");
}

} // namespace

int main(int count, char **arguments) {
  try {
    std::cout << json::serialize(run(count, arguments)) << "\n";
    return 0;
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
