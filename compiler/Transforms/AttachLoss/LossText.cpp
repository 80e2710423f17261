// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading the textual form of a loss.

#include "compiler/Transforms/AttachLoss/LossText.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <charconv>

using llvm::StringRef;

namespace arsis::compiler {

namespace {

struct Known {
  llvm::StringLiteral name;
  LossKind kind;
  llvm::StringLiteral keys; ///< that it takes, for messages
};
constexpr Known kKnown[] = {
    {"softmax-xent", LossKind::SoftmaxCrossEntropy,
     "of, weight, labels, label-smoothing, ignore-index or class-weights"},
    {"mse", LossKind::MeanSquaredError, "of, weight or targets"},
    {"bce-with-logits", LossKind::BinaryCrossEntropyWithLogits, "of, weight or targets"},
};

std::string quoted(StringRef text) { return "'" + text.str() + "'"; }

[[noreturn]] void refuse(StringRef where, StringRef found, const llvm::Twine &expected) {
  throw InputError(optionName("loss") + (where.empty() ? "" : ", " + where.str()) + ": found " +
                   quoted(found) + ", expected " + expected.str());
}

std::string shortest(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// A number that the chip holds as fp32.
double parseNumber(StringRef where, StringRef text, double least, double most) {
  double value = 0;
  const bool isNumber = !text.getAsDouble(value) && value >= least && value <= most;
  if (!isNumber || (value != 0 && static_cast<float>(value) == 0))
    refuse(where, text, "a number from " + shortest(least) + " to " + shortest(most));
  return value;
}

std::vector<double> parseClassWeights(StringRef where, StringRef text) {
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ':');
  std::vector<double> weights;
  for (StringRef part : parts)
    weights.push_back(parseNumber(where, part, 0, 1e30));
  if (llvm::all_of(weights, [](double weight) { return weight == 0; }))
    refuse(where, text, "one number per class, separated by ':', at least one of them above 0");
  return weights;
}

LossTerm parseTerm(StringRef text) {
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ',');
  const Known *known = llvm::find_if(kKnown, [&](const Known &one) { return one.name == parts.front(); });
  if (known == std::end(kKnown))
    refuse("", parts.front(), "softmax-xent, mse or bce-with-logits");
  const bool isOfLabels = known->kind == LossKind::SoftmaxCrossEntropy;
  LossTerm term;
  term.kind = known->kind;
  llvm::StringSet<> seen;
  for (StringRef part : llvm::drop_begin(parts)) {
    auto [key, value] = part.split('=');
    const std::string where = known->name.str() + ", " + key.str();
    if (!seen.insert(key).second)
      throw InputError(optionName("loss") + ", " + known->name.str() + ": found " + key.str() +
                       " more than once, expected it once");
    if ((key == "of" || key == (isOfLabels ? "labels" : "targets")) && value.empty())
      refuse(where, value, "the name of a tensor");
    if (key == "of")
      term.output = value.str();
    else if (key == (isOfLabels ? "labels" : "targets"))
      term.targets = value.str();
    else if (key == "weight")
      term.weight = parseNumber(where, value, 1e-30, 1e30);
    else if (isOfLabels && key == "label-smoothing")
      term.smoothing = parseNumber(where, value, 0, 1);
    else if (isOfLabels && key == "class-weights")
      term.classWeights = parseClassWeights(where, value);
    else if (int32_t ignored = 0; isOfLabels && key == "ignore-index") {
      if (value.getAsInteger(10, ignored))
        refuse(where, value, "a whole number of 32 bits");
      term.ignored = ignored;
    } else {
      refuse(known->name, key, known->keys);
    }
  }
  return term;
}

/// Whether a term begins here.
bool beginsTerm(StringRef text) {
  return llvm::any_of(kKnown, [&](const Known &one) {
    StringRef rest = text;
    return rest.consume_front(one.name) && (rest.empty() || rest.front() == ',' || rest.front() == '+');
  });
}

} // namespace

std::string_view nameOf(LossKind kind) {
  for (const Known &one : kKnown)
    if (one.kind == kind)
      return one.name;
  return {};
}

std::vector<LossTerm> parseLoss(std::string_view given, const std::string &logits) {
  const StringRef text(given.data(), given.size());
  std::vector<LossTerm> terms;
  for (size_t begin = 0, at = 0; at <= text.size(); ++at)
    if (at == text.size() || (text[at] == '+' && beginsTerm(text.drop_front(at + 1)))) {
      terms.push_back(parseTerm(text.slice(begin, at)));
      begin = at + 1;
    }
  if (!logits.empty() && (terms.size() > 1 || !terms.front().output.empty()))
    throw InputError(optionName("logits") + ": found " + quoted(logits) + " beside " + optionName("loss") +
                     " " + quoted(text) + ", expected of=OUTPUT in the loss alone");
  if (!logits.empty())
    terms.front().output = logits;
  for (const LossTerm &term : terms)
    if (terms.size() > 1 && term.output.empty())
      throw InputError(optionName("loss") + ": found " + std::to_string(terms.size()) +
                       " terms and no output for " + std::string(nameOf(term.kind)) +
                       ", expected of=OUTPUT in every one of them");
  return terms;
}

} // namespace arsis::compiler
