// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the translation units of the module share. No logic lives in the bindings: each function converts its
// arguments, calls one function of a library without the interpreter lock, and converts the result.

#ifndef ARSIS_PYTHON_BINDINGS_BINDINGS_H
#define ARSIS_PYTHON_BINDINGS_BINDINGS_H

#include "arch_configs/reader/Chip.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "runtime/common/HostTensor.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <string>
#include <vector>

namespace arsis::python {

/// A C-contiguous copy of a float32, int32 or int64 array, or of a float64 array where that is `allowed`.
/// Throws Error naming `what` for another type.
enum class Float64 { Refused, Allowed };
ref::HostTensor toTensor(const pybind11::array &array, const std::string &what,
                         Float64 allowed = Float64::Refused);
pybind11::array toArray(const ref::HostTensor &tensor);

/// A shipped chip or a file, with values replaced by dotted key, all at once.
chip::Chip loadChip(const std::string &nameOrPath, const std::map<std::string, std::string> &overrides);

/// How the model is read, by keyword.
compiler::ImportOptions readImport(std::optional<int64_t> batch, const std::map<std::string, int64_t> &dims,
                                   const std::vector<std::string> &tie,
                                   const std::vector<std::string> &untie);
/// Options of the compilation as keywords, with '_' for '-'. Throws Error for one that there is not, or that
/// has an argument of its own.
void readOptions(const pybind11::kwargs &keywords, compiler::CompileOptions &options);
/// The chip, its overrides and how far to go are no options of Python.
bool hasArgument(const std::string &option);
/// Every option that readOptions takes, with its meaning, one a line.
std::string describeOptions();

void bindFiles(pybind11::module_ &module);
/// Each as a Python warning of the caller. Throws if the interpreter turns warnings into errors.
void warn(const std::vector<compiler::Message> &messages);

void bindPrograms(pybind11::module_ &module);
void bindSessions(pybind11::module_ &module);
void bindSweeps(pybind11::module_ &module);

} // namespace arsis::python

#endif // ARSIS_PYTHON_BINDINGS_BINDINGS_H
