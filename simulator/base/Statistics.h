// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The figures a unit publishes beyond its cycle account: each with a name, a unit and a sentence that says
// what it is.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace arsis::sim {

struct Statistic {
  std::string name, unit, description;
  double value;
};

class Statistics {
public:
  void add(std::string name, std::string unit, std::string description, double value) {
    all.push_back({std::move(name), std::move(unit), std::move(description), value});
  }
  const std::vector<Statistic> &entries() const { return all; }

private:
  std::vector<Statistic> all;
};

} // namespace arsis::sim
