// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tensor of the file is which parameter. Exporters store equal constants once, directly or behind
// Identity nodes: the zeros of every fresh bias are one initialiser. A constant that several nodes read is
//  - separated, so that every reader has a parameter of its own, if its elements are all equal, unless the
//  readers
//    share another parameter as well (then they are one layer, used twice);
//  - one shared parameter otherwise.
// The option `tie` keeps what it matches shared, `untie` separates what it matches.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_PARAMETERS_H
#define ARSIS_COMPILER_IMPORT_ONNX_PARAMETERS_H

#include "compiler/Import/Onnx/Graph.h"

#include <string>
#include <vector>

namespace arsis::compiler::onnximport {

struct ParameterPlan {
  std::vector<KnownConstant> constants; ///< in the order of their first readers
  std::vector<std::string> problems;
};

/// Rewrites the inputs of the graph's nodes so that each name is one parameter: Identity nodes of constants
/// go, and a reader of a separated constant reads a name of its own, which gets an entry. That name is, in
/// this order, the name that the node reads in the file (the initialiser's, or the Identity node's) unless an
/// earlier reader has it, and
/// `<node>.<word>` with the word PyTorch uses for that input (weight, bias, running_mean, running_var).
/// Constants of Constant nodes that are weights become trainable. REQUIRES: names of nodes that differ. Takes
/// time linear in the graph.
ParameterPlan planParameters(onnx::GraphProto &graph, llvm::StringMap<Entry> &entries,
                             const ImportOptions &options);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_PARAMETERS_H
