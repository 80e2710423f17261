// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognises training graphs by the operators that only they have: those of ONNX's training domain, and those
// of ONNX Runtime, which makes such files.

#include "compiler/Import/Onnx/TrainingGraph.h"

#include "dialects/Isa/Encoding/OptionNames.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

namespace arsis::compiler::onnximport {

static bool isOfTraining(const onnx::NodeProto &node) {
  const llvm::StringRef type = node.op_type();
  if (node.domain() == "ai.onnx.preview.training")
    return true;
  const bool isForeign = !node.domain().empty() && node.domain() != "ai.onnx";
  return isForeign && (type.contains("Grad") || type.contains("Optimizer") || type.contains("Accumulator"));
}

std::string trainingGraphProblem(const onnx::GraphProto &graph) {
  const auto found = llvm::find_if(graph.node(), isOfTraining);
  if (found == graph.node().end())
    return {};
  const std::string name = found->name().empty() && found->output_size() ? found->output(0) : found->name();
  return "is a training graph: node '" + name + "' (" + found->op_type() +
         ") computes a gradient or an update; give the forward model that it was made from, of which " +
         optionSwitch("train") + " makes the step with " + optionName("loss") + " and " +
         optionName("optimizer");
}

} // namespace arsis::compiler::onnximport
