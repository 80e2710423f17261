// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Optimized.h.

#include "compiler/Import/Onnx/Optimized.h"
#include "compiler/Import/Onnx/LaterFields.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

/// The names that PyTorch's exporter makes up, as for weights that it computed from others.
static bool isGenerated(StringRef name) {
  return name.starts_with("onnx::") || (!name.empty() && llvm::all_of(name, llvm::isDigit));
}

/// What the optimizer behind PyTorch's exporter by torch.export did to a node, by the names of its rules.
static std::string rulesOf(const onnx::NodeProto &node) {
  for (const std::string &bytes : laterField(node, kNodeMetadata))
    if (onnx::StringStringEntryProto entry;
        entry.ParseFromString(bytes) && entry.key() == "pkg.onnxscript.rewriter.rule_name")
      return entry.value();
  return "";
}

Optimized findOptimized(const onnx::ModelProto &model) {
  Optimized found;
  if (model.producer_name() != "pytorch")
    return found;
  for (const onnx::NodeProto &node : model.graph().node()) {
    if (node.input_size() < 2)
      continue;
    const std::string rules = rulesOf(node);
    const bool byTracing = node.op_type() == "Conv" && node.input_size() == 3 && isGenerated(node.input(1)) &&
                           isGenerated(node.input(2));
    if (byTracing || StringRef(rules).contains("FuseBatchNorm"))
      found.withBatchNorm.push_back(node.input(1));
    else if (node.input_size() == 2 && StringRef(rules).contains("RemoveOptionalBias"))
      found.withoutBias.push_back(node.input(1));
  }
  return found;
}

static constexpr const char *kHow =
    "arsis.from_torch keeps everything, and so do training=torch.onnx.TrainingMode.TRAINING with "
    "do_constant_folding=False (by tracing) and optimize=False (dynamo=True)";

void warnOf(const Optimized &found, Location location) {
  if (const std::vector<std::string> &weights = found.withBatchNorm; !weights.empty())
    emitWarning(location) << weights.size() << " layers have weights into which PyTorch has folded a batch "
                          << "norm ('" << weights.front()
                          << "'); training moves the folded weights and takes no statistics. " << kHow;
  else if (const std::vector<std::string> &weights = found.withoutBias; !weights.empty())
    emitWarning(location) << weights.size() << " layers have no bias ('" << weights.front()
                          << "'); one of zeros, as a fresh module may have, PyTorch has left out. " << kHow;
}

} // namespace arsis::compiler::onnximport
