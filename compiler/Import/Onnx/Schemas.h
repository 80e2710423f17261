// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The form of operators (how many inputs and outputs, which attributes) by opset: libonnx's own schemas up to
// the newest opset it knows, and here those that later opsets changed. Element types are not part of it.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_SCHEMAS_H
#define ARSIS_COMPILER_IMPORT_ONNX_SCHEMAS_H

#include "onnx/defs/schema.h"

#include <map>
#include <string>

namespace arsis::compiler::onnximport {

/// The opsets whose operators this importer follows, and the versions of the file format.
inline constexpr int64_t kOldestOpset = 7;
inline constexpr int64_t kNewestOpset = 28;
inline constexpr int64_t kOldestIrVersion = 3;
inline constexpr int64_t kNewestIrVersion = 14;

class Schemas final : public onnx::ISchemaRegistry {
public:
  static const Schemas &instance();

  /// The form that `operatorType` has in the opset; null if no opset up to it has the operator.
  const onnx::OpSchema *GetSchema(const std::string &operatorType, int opset,
                                  const std::string &domain = onnx::ONNX_DOMAIN) const override;

private:
  Schemas();
  std::map<std::string, std::map<int, onnx::OpSchema>> newer;
};

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_SCHEMAS_H
