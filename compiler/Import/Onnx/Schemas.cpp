// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What opsets 18 to 28 changed in the form of operators that a network is made of. A test compares every
// entry with PyPI's onnx, and that nothing is missing.

#include "compiler/Import/Onnx/Schemas.h"

#include <vector>

namespace arsis::compiler::onnximport {

namespace {

using Attributes = std::vector<std::pair<const char *, onnx::AttributeProto::AttributeType>>;
using onnx::AttributeProto;
using onnx::OpSchema;

/// Inputs and outputs are counted: the least, and the most.
struct Form {
  const char *type;
  int since;
  int inputs, mostInputs;
  Attributes attributes;
  bool manyOutputs = false;
};

const Attributes kReduction = {{"keepdims", AttributeProto::INT},
                               {"noop_with_empty_axes", AttributeProto::INT}};
const Attributes kCast19 = {{"to", AttributeProto::INT}, {"saturate", AttributeProto::INT}};
const Attributes kCast24 = {
    {"to", AttributeProto::INT}, {"saturate", AttributeProto::INT}, {"round_mode", AttributeProto::STRING}};
const Attributes kAveragePool = {
    {"auto_pad", AttributeProto::STRING},       {"ceil_mode", AttributeProto::INT},
    {"count_include_pad", AttributeProto::INT}, {"dilations", AttributeProto::INTS},
    {"kernel_shape", AttributeProto::INTS},     {"pads", AttributeProto::INTS},
    {"strides", AttributeProto::INTS}};
const Attributes kResize = {{"antialias", AttributeProto::INT},
                            {"axes", AttributeProto::INTS},
                            {"coordinate_transformation_mode", AttributeProto::STRING},
                            {"cubic_coeff_a", AttributeProto::FLOAT},
                            {"exclude_outside", AttributeProto::INT},
                            {"extrapolation_value", AttributeProto::FLOAT},
                            {"keep_aspect_ratio_policy", AttributeProto::STRING},
                            {"mode", AttributeProto::STRING},
                            {"nearest_mode", AttributeProto::STRING}};
const Attributes kGroupNorm18 = {{"epsilon", AttributeProto::FLOAT}, {"num_groups", AttributeProto::INT}};
const Attributes kGroupNorm21 = {{"epsilon", AttributeProto::FLOAT},
                                 {"num_groups", AttributeProto::INT},
                                 {"stash_type", AttributeProto::INT}};
const Attributes kRmsNorm = {
    {"axis", AttributeProto::INT}, {"epsilon", AttributeProto::FLOAT}, {"stash_type", AttributeProto::INT}};

const std::vector<Form> kForms = {
    {"AveragePool", 19, 1, 1, kAveragePool},
    {"Cast", 19, 1, 1, kCast19},
    {"Cast", 24, 1, 1, kCast24},
    {"CastLike", 19, 2, 2, {{"saturate", AttributeProto::INT}}},
    {"CastLike", 24, 2, 2, {{"saturate", AttributeProto::INT}, {"round_mode", AttributeProto::STRING}}},
    {"Gelu", 20, 1, 1, {{"approximate", AttributeProto::STRING}}},
    {"GroupNormalization", 18, 3, 3, kGroupNorm18},
    {"GroupNormalization", 21, 3, 3, kGroupNorm21},
    {"Mish", 18, 1, 1, {}},
    {"Pad", 18, 2, 4, {{"mode", AttributeProto::STRING}}},
    {"RMSNormalization", 23, 2, 2, kRmsNorm},
    {"Range", 27, 3, 3, {{"stash_type", AttributeProto::INT}}},
    {"ReduceL1", 18, 1, 2, kReduction},
    {"ReduceL2", 18, 1, 2, kReduction},
    {"ReduceLogSum", 18, 1, 2, kReduction},
    {"ReduceLogSumExp", 18, 1, 2, kReduction},
    {"ReduceMax", 18, 1, 2, kReduction},
    {"ReduceMean", 18, 1, 2, kReduction},
    {"ReduceMin", 18, 1, 2, kReduction},
    {"ReduceProd", 18, 1, 2, kReduction},
    {"ReduceSumSquare", 18, 1, 2, kReduction},
    {"Resize", 18, 1, 4, kResize},
    {"SpaceToDepth", 28, 1, 1, {{"blocksize", AttributeProto::INT}, {"mode", AttributeProto::STRING}}},
    {"Split", 18, 1, 2, {{"axis", AttributeProto::INT}, {"num_outputs", AttributeProto::INT}}, true},
    {"Swish", 24, 1, 1, {{"alpha", AttributeProto::FLOAT}}},
};

/// The checker reads no element types, but a schema has to name one.
constexpr const char *kAnyType = "tensor(float)";

OpSchema makeSchema(const Form &form) {
  OpSchema schema(form.type, __FILE__, __LINE__);
  schema.SinceVersion(form.since);
  for (int input = 0; input < form.mostInputs; ++input)
    schema.Input(input, "input" + std::to_string(input), "", kAnyType,
                 input < form.inputs ? OpSchema::Single : OpSchema::Optional);
  schema.Output(0, "output", "", kAnyType, form.manyOutputs ? OpSchema::Variadic : OpSchema::Single);
  for (auto [name, type] : form.attributes)
    schema.Attr(name, "", type, /*required=*/false);
  schema.Finalize();
  return schema;
}

} // namespace

Schemas::Schemas() {
  for (const Form &form : kForms)
    newer[form.type].emplace(form.since, makeSchema(form));
}

const Schemas &Schemas::instance() {
  static const Schemas schemas;
  return schemas;
}

const OpSchema *Schemas::GetSchema(const std::string &operatorType, int opset,
                                   const std::string &domain) const {
  if (domain == onnx::ONNX_DOMAIN)
    if (auto forms = newer.find(operatorType); forms != newer.end())
      if (auto after = forms->second.upper_bound(opset); after != forms->second.begin())
        return &std::prev(after)->second;
  return onnx::OpSchemaRegistry::Instance()->GetSchema(operatorType, opset, domain);
}

} // namespace arsis::compiler::onnximport
