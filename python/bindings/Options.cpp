// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keywords of Python as options of a compilation: the names and meanings are those of the pipeline.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/ErrorKind.h"

#include <algorithm>

namespace py = pybind11;

namespace arsis::python {

bool hasArgument(const std::string &option) { return option == "chip" || option == "set" || option == "to"; }

compiler::ImportOptions readImport(std::optional<int64_t> batch, const std::map<std::string, int64_t> &dims,
                                   const std::vector<std::string> &tie, const std::vector<std::string> &untie,
                                   const std::vector<std::string> &freeze,
                                   std::optional<uint64_t> randomWeights) {
  compiler::ImportOptions import;
  import.batch = batch;
  import.dims = dims;
  import.tie = tie;
  import.untie = untie;
  import.freeze = freeze;
  import.randomWeights = randomWeights;
  return import;
}

compiler::Model readModel(const ModelArgument &model, compiler::ImportOptions import) {
  if (const auto *path = std::get_if<Path>(&model))
    return {path->string(), std::move(import)};
  return {"<bytes>", std::move(import), std::string(std::get<py::bytes>(model))};
}

/// A list or tuple of texts: an option that may be given repeatedly.
static bool isList(py::handle value) {
  return (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) &&
         std::all_of(value.begin(), value.end(),
                     [](py::handle each) { return py::isinstance<py::str>(each); });
}

void readOptions(const py::kwargs &keywords, compiler::CompileOptions &options) {
  for (const auto &[key, value] : keywords) {
    const std::string keyword = py::str(key);
    std::string name = keyword;
    std::replace(name.begin(), name.end(), '_', '-');
    bool isThere = false;
    options.visit([&](llvm::StringRef known, llvm::StringRef, compiler::CompileOptions::Kind) {
      isThere |= known == name;
    });
    if (isThere && !hasArgument(name) && isList(value)) {
      for (const py::handle each : value)
        options.assign(name, each.cast<std::string>());
      continue;
    }
    if (!isThere || hasArgument(name) ||
        (!py::isinstance<py::bool_>(value) && !py::isinstance<py::str>(value)))
      throw InputError("option " + keyword + ": found " + py::repr(value).cast<std::string>() +
                       ", expected one of these with a text, texts or True or False:\n" + describeOptions());
    options.assign(name, py::isinstance<py::bool_>(value) ? (value.cast<bool>() ? "true" : "false")
                                                          : value.cast<std::string>());
  }
}

std::string describeOptions() {
  std::string text;
  compiler::CompileOptions().visit(
      [&](llvm::StringRef name, llvm::StringRef help, compiler::CompileOptions::Kind kind) {
        std::string keyword = name.str();
        std::replace(keyword.begin(), keyword.end(), '-', '_');
        if (!hasArgument(name.str()))
          text += "  " + keyword + ": " + help.str() + "\n";
      });
  return text;
}

} // namespace arsis::python
