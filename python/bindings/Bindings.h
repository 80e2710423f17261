// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the translation units of the module share. No logic lives in the bindings: each function converts its
// arguments, calls one function of a library without the interpreter lock, and converts the result.

#ifndef ARSIS_PYTHON_BINDINGS_BINDINGS_H
#define ARSIS_PYTHON_BINDINGS_BINDINGS_H

#include "arch_configs/reader/Chip.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "runtime/common/HostTensor.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace arsis::python {

using Overrides = std::map<std::string, std::string>;
/// str, or anything that os.fspath takes.
using Path = std::filesystem::path;

/// What a float64 array is: refused, or taken as it is.
enum class Float64 { Refused, Allowed };
/// A C-contiguous float32, int32 or int64 array, or float64 where that is `allowed`: the array itself, or a
/// copy of one that has gaps. Numbers and (nested) lists of them become float32 or int64, other array-likes
/// what numpy.asarray makes of them. Throws InputError naming `what` for another type.
pybind11::array toArray(const pybind11::object &given, const std::string &what,
                        Float64 allowed = Float64::Refused);
/// The same with its elements copied.
ref::HostTensor toTensor(const pybind11::object &given, const std::string &what,
                         Float64 allowed = Float64::Refused);
pybind11::array fromTensor(const ref::HostTensor &tensor);

/// A shipped chip or a file, with values replaced by dotted key, all at once.
chip::Chip loadChip(const std::string &nameOrPath, const Overrides &overrides);

/// How the model is read, by keyword.
compiler::ImportOptions readImport(std::optional<int64_t> batch, const std::map<std::string, int64_t> &dims,
                                   const std::vector<std::string> &tie, const std::vector<std::string> &untie,
                                   const std::vector<std::string> &freeze,
                                   std::optional<uint64_t> randomWeights);
/// The path of a model, or the bytes of an ONNX model.
using ModelArgument = std::variant<pybind11::bytes, Path>;
compiler::Model readModel(const ModelArgument &model, compiler::ImportOptions import);

/// Options of the compilation as keywords, with '_' for '-'. Throws InputError for one that there is not, or
/// that has an argument of its own.
void readOptions(const pybind11::kwargs &keywords, compiler::CompileOptions &options);
/// The chip, its overrides and how far to go are no options of Python.
bool hasArgument(const std::string &option);
/// Every option that readOptions takes, with its meaning, one a line.
std::string describeOptions();

/// What the compiler is told of the chip, and what the keywords say. Throws as readOptions.
void fill(compiler::CompileOptions &options, const std::string &chip, const Overrides &overrides,
          const pybind11::kwargs &keywords);

/// The JSON text, and a dictionary for each operation.
pybind11::tuple describe(const compiler::Schedules &chosen);

/// Whether the interpreter has a signal for this thread whose handler raises (Ctrl-C), and that exception.
class __attribute__((visibility("hidden"))) Signals { // as pybind11's own classes
public:
  /// REQUIRES: without the interpreter lock.
  bool raised();
  /// Raises it, if there is one.
  void rethrow() const {
    if (exception)
      throw pybind11::error_already_set(*exception);
  }

private:
  std::optional<pybind11::error_already_set> exception;
};

/// What `work` returns, which runs without the interpreter lock and stops on Ctrl-C.
template <typename Work> auto withoutLock(Work work) -> decltype(work()) {
  Signals signals;
  try {
    const pybind11::gil_scoped_release release;
    const InterruptScope scope([&] { return signals.raised(); });
    return work();
  } catch (...) {
    signals.rethrow();
    throw;
  }
}

/// Each as a Python warning of the caller, who is so many frames of Python up. Throws if the interpreter
/// turns warnings into errors.
void warn(const std::vector<compiler::Message> &messages, int frames = 1);

void bindChips(pybind11::module_ &module);
void bindCompiler(pybind11::module_ &module);
void bindErrors(pybind11::module_ &module);
void bindFiles(pybind11::module_ &module);
void bindPrograms(pybind11::module_ &module);
void bindReference(pybind11::module_ &module);
void bindSessions(pybind11::module_ &module);
void bindSweeps(pybind11::module_ &module);

} // namespace arsis::python

#endif // ARSIS_PYTHON_BINDINGS_BINDINGS_H
