// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Between .npz files and the tensors of a session: what goes in is checked for name, shape and type here,
// and for the rest by the session; what comes out is every tensor that the host may read.
#pragma once

#include "runtime/common/Npz.h"
#include "simulator/top/Session.h"

namespace arsis::tool {

/// The tensors of an .npz file. Throws Error if a name is unknown, or a shape or type differs, before any
/// elements are read. Every tensor gets the type of the program's tensor (int64 labels become int32).
ref::TensorMap readInputs(const std::string &file, const isa::Program &program);

/// Throws Error naming `file` for what the session refuses.
void writeInputs(sim::Session &session, const ref::TensorMap &inputs, const std::string &file);

/// Names of the tensors that can be read after a step: outputs, loss, parameters, state, and what was kept.
std::vector<std::string> readableTensors(const isa::Program &program);
ref::TensorMap readOutputs(const sim::Session &session);

} // namespace arsis::tool
