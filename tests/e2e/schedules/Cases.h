// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations whose schedules are tried: three shapes of each class.
#ifndef ARSIS_TESTS_E2E_SCHEDULES_CASES_H
#define ARSIS_TESTS_E2E_SCHEDULES_CASES_H

#include <string>
#include <vector>

namespace arsis::testing {

struct OperationClass {
  std::string name;
  std::vector<std::string> modules; // one function of one operation, or one unit, each
};

const std::vector<OperationClass> &operationClasses();

} // namespace arsis::testing

#endif
