// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fields of ONNX's messages that later versions of the format brought, which the library at hand does not
// know.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_LATERFIELDS_H
#define ARSIS_COMPILER_IMPORT_ONNX_LATERFIELDS_H

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <string>
#include <vector>

namespace arsis::compiler::onnximport {

constexpr int kNodeOverload = 8, kNodeMetadata = 9;
constexpr int kFunctionDefaults = 11, kFunctionOverload = 13;

/// The values of a field of text or of a message, as bytes.
inline std::vector<std::string> laterField(const google::protobuf::Message &message, int number) {
  std::vector<std::string> values;
  const auto &fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == number &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      values.push_back(fields.field(i).length_delimited());
  return values;
}

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_LATERFIELDS_H
