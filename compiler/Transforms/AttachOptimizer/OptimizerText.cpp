// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The textual form of an optimizer.

#include "compiler/Transforms/AttachOptimizer/AttachOptimizer.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using llvm::StringRef;

namespace arsis::compiler {

static std::string quoted(StringRef text) { return "'" + text.str() + "'"; }

/// A number that the chip holds as fp32.
static double parseNumber(StringRef text, const std::string &what) {
  constexpr double kMost = 1e30;
  double value = 0;
  if (text.getAsDouble(value) || !(value >= 0) || value > kMost)
    throw InputError(what + ": found " + quoted(text) + ", expected a number from 0 to 1e30");
  if (value != 0 && static_cast<float>(value) == 0)
    throw InputError(what + ": found " + quoted(text) + ", which is 0 in fp32, expected 0 or at least 1e-45");
  return value;
}

SgdOptions parseOptimizer(std::string_view text) {
  llvm::SmallVector<StringRef> parts;
  StringRef(text.data(), text.size()).split(parts, ',');
  if (parts.front() != "sgd")
    throw InputError(optionName("optimizer") + ": found " + quoted(parts.front()) + ", expected sgd");
  SgdOptions optimizer;
  const std::pair<StringRef, double *> keys[] = {{"lr", &optimizer.learningRate},
                                                 {"momentum", &optimizer.momentum},
                                                 {"weight-decay", &optimizer.weightDecay}};
  llvm::StringSet<> seen;
  for (StringRef part : llvm::drop_begin(parts)) {
    auto [key, value] = part.split('=');
    const auto *known = llvm::find_if(keys, [key = key](const auto &entry) { return entry.first == key; });
    if (known == std::end(keys))
      throw InputError(optionName("optimizer") + ": found " + quoted(key) +
                       ", expected lr, momentum or weight-decay");
    if (!seen.insert(key).second)
      throw InputError(optionName("optimizer") + ": found " + key.str() +
                       " more than once, expected it once");
    *known->second = parseNumber(value, optionName("optimizer") + ", " + key.str());
  }
  return optimizer;
}

} // namespace arsis::compiler
