// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The oracle beside a chip: the mapped nn module that a program carries, with its own copy of parameters and
// state, driven through the same three calls as a simulator session (write, run, read).
#pragma once

#include "dialects/Isa/Encoding/Program.h"
#include "runtime/Interpreter/Interpreter.h"
#include "runtime/Interpreter/StepValues.h"

#include <memory>

namespace arsis::ref {

class StepReference {
public:
  /// Parses the program's nn module; arguments without nn.initial start from the program's initial values.
  /// Throws arsis::Error if the program carries no module, it does not parse, or a file of initial values is
  /// not the program's.
  explicit StepReference(const isa::Program &program);
  /// The same for a module given as text, without any program.
  explicit StepReference(const std::string &moduleText);
  ~StepReference();

  /// An argument in the host's layout; f32, i32, or i64 where i32 is expected. Throws arsis::Error as
  /// Interpreter.h says.
  void write(const std::string &name, const HostTensor &host);
  /// A result of the last run, else an argument as it stands now, in the host's layout.
  HostTensor read(const std::string &name) const;
  /// One step; results that donate become the next step's arguments. `observe`: see Options.
  void run(Backend backend = Backend::OneDnn,
           std::function<void(mlir::Operation *, llvm::ArrayRef<HostTensor>)> observe = {});

  /// The results of the operations in program order, and the tensors of the program that hold them.
  std::vector<StepValue> values(const std::function<bool(const std::string &)> &exists) const;

  const Signature &signature() const { return sides; }

private:
  struct Module;
  std::unique_ptr<Module> module;
  Signature sides;
  TensorMap arguments, results; // chip layout
};

} // namespace arsis::ref
