// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rendering of diagnostics.

#include "compiler/Pipelines/Diagnostics.h"

#include "dialects/NN/IR/Origin.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace arsis::compiler {

/// "conv1 (fwd): " or "model.onnx: " or "file:3:4: "; empty if the place is unknown.
static std::string describePlace(Location location) {
  auto [layer, phase] = nn::getOrigin(location);
  if (!layer.empty())
    return (layer + (phase.empty() ? "" : " (" + phase + ")") + ": ").str();
  if (auto name = dyn_cast<NameLoc>(location))
    return name.getName().str() + ": ";
  std::string place;
  location->walk([&](Location part) {
    auto file = dyn_cast<FileLineColLoc>(part);
    if (!file)
      return WalkResult::advance();
    place =
        (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" + Twine(file.getColumn()) + ": ")
            .str();
    return WalkResult::interrupt();
  });
  return place;
}

/// What a pass wrote beside its words (compiler/Analysis/Reported.h).
static ErrorKind kindOf(Diagnostic &diagnostic) {
  for (const DiagnosticArgument &argument : diagnostic.getMetadata())
    if (argument.getKind() == DiagnosticArgument::DiagnosticArgumentKind::Integer)
      return static_cast<ErrorKind>(argument.getAsInteger());
  return ErrorKind::Other;
}

DiagnosticLog::DiagnosticLog(MLIRContext &context)
    : handler(&context, [this](Diagnostic &diagnostic) { add(diagnostic); }) {}

std::optional<ErrorKind> DiagnosticLog::kind() const {
  return firstKind == ErrorKind::Other ? std::nullopt : firstKind;
}

void DiagnosticLog::clear() {
  collected.clear();
  errorText.clear();
  kept.clear();
  firstKind.reset();
}

void DiagnosticLog::add(Diagnostic &diagnostic) {
  std::string body;
  llvm::raw_string_ostream stream(body);
  stream << describePlace(diagnostic.getLocation()) << diagnostic.str() << '\n';
  for (Diagnostic &note : diagnostic.getNotes())
    stream << "  note: " << note.str() << '\n';
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    if (!firstKind)
      firstKind = kindOf(diagnostic);
    errorText += body;
    collected += "error: " + body;
    break;
  case DiagnosticSeverity::Warning:
    collected += "warning: " + body;
    kept.push_back({true, StringRef(body).rtrim().str()});
    break;
  case DiagnosticSeverity::Note:
    collected += "note: " + body;
    break;
  case DiagnosticSeverity::Remark:
    collected += "remark: " + body;
    kept.push_back({false, StringRef(body).rtrim().str()});
    break;
  }
}

} // namespace arsis::compiler
