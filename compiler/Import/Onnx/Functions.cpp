// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inlines functions depth first. Fields that this libonnx does not know yet (overloads, defaults of
// attributes) are read from what protobuf keeps as unknown.

#include "compiler/Import/Onnx/Functions.h"

#include "compiler/Import/Onnx/LaterFields.h"

#include "compiler/Import/Onnx/Schemas.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <tuple>

namespace arsis::compiler::onnximport {

namespace {

using std::string;
using Names = std::map<string, string>;
using Attributes = std::map<string, onnx::AttributeProto>;

string overloadOf(const google::protobuf::Message &message, int number) {
  std::vector<string> values = laterField(message, number);
  return values.empty() ? "" : values.back();
}

string domainOf(const string &domain) { return domain == "ai.onnx" ? "" : domain; }

/// Domain, name and overload.
using Key = std::tuple<string, string, string>;
Key keyOf(const onnx::NodeProto &node) {
  return {domainOf(node.domain()), node.op_type(), overloadOf(node, kNodeOverload)};
}

struct Function {
  const onnx::FunctionProto *proto = nullptr;
  Attributes defaults;
  bool isOpen = false; ///< its nodes are being inlined
};

class Inliner {
public:
  Inliner(const onnx::ModelProto &model, int64_t opset) : modelOpset(opset) {
    for (const onnx::FunctionProto &proto : model.functions()) {
      Function &function =
          functions[{domainOf(proto.domain()), proto.name(), overloadOf(proto, kFunctionOverload)}];
      if (std::exchange(function.proto, &proto))
        problems.push_back("function '" + proto.name() + "' of domain '" + proto.domain() +
                           "' is defined twice");
      for (const string &bytes : laterField(proto, kFunctionDefaults)) {
        onnx::AttributeProto attribute;
        if (attribute.ParseFromString(bytes))
          function.defaults[attribute.name()] = attribute;
      }
    }
    const onnx::GraphProto &graph = model.graph();
    for (const auto &info : graph.input())
      taken.insert(info.name());
    for (const auto &tensor : graph.initializer())
      taken.insert(tensor.name());
    for (const onnx::NodeProto &node : graph.node())
      taken.insert(node.output().begin(), node.output().end());
  }

  void run(onnx::GraphProto &graph) {
    auto nodes = std::move(*graph.mutable_node());
    graph.clear_node();
    output = graph.mutable_node();
    for (onnx::NodeProto &node : nodes)
      add(std::move(node));
  }

  std::vector<string> problems;

private:
  void add(onnx::NodeProto node) {
    if (isFull)
      return;
    auto found = functions.find(keyOf(node));
    if (found == functions.end()) {
      isFull = output->size() == kMostNodes;
      if (isFull)
        problems.push_back("its functions have more than " + std::to_string(kMostNodes) +
                           " nodes when inlined");
      else
        *output->Add() = std::move(node);
      return;
    }
    Function &function = found->second;
    string problem = function.isOpen ? "calls itself" : checkCall(node, *function.proto);
    if (depth == kDeepestCall)
      problem = "is called by more than " + std::to_string(kDeepestCall) + " functions, one in the other";
    if (!problem.empty()) {
      problems.push_back("node '" + nameOf(node) + "' (" + node.op_type() + "): " + problem);
      return;
    }
    function.isOpen = true;
    ++depth;
    inlineCall(node, function);
    --depth;
    function.isOpen = false;
  }

  static string nameOf(const onnx::NodeProto &node) {
    return node.name().empty() && node.output_size() ? node.output(0) : node.name();
  }

  /// Empty, or why the function cannot stand for the node.
  string checkCall(const onnx::NodeProto &call, const onnx::FunctionProto &function) {
    if (call.input_size() > function.input_size() || call.output_size() > function.output_size())
      return "calls a function of " + std::to_string(function.input_size()) + " inputs and " +
             std::to_string(function.output_size()) + " outputs with " + std::to_string(call.input_size()) +
             " and " + std::to_string(call.output_size());
    for (const onnx::OperatorSetIdProto &import : function.opset_import())
      if (domainOf(import.domain()).empty() && import.version() != modelOpset)
        for (const onnx::NodeProto &node : function.node())
          if (domainOf(node.domain()).empty() && !isSame(node.op_type(), import.version()))
            return "calls a function written for opset " + std::to_string(import.version()) + ", in which " +
                   node.op_type() + " is not what it is in the model's opset " + std::to_string(modelOpset) +
                   "; expected one opset";
    return {};
  }

  bool isSame(const string &type, int64_t opset) {
    return Schemas::instance().GetSchema(type, static_cast<int>(opset)) ==
           Schemas::instance().GetSchema(type, static_cast<int>(modelOpset));
  }

  /// A name that no value of the model has.
  string fresh(const string &wanted) {
    string name = wanted;
    while (!taken.insert(name).second)
      name = wanted + "_" + std::to_string(++repeats[wanted] + 1);
    return name;
  }

  void addIdentity(const string &from, const string &to) {
    onnx::NodeProto identity;
    identity.set_op_type("Identity");
    identity.set_name(to);
    identity.add_input(from);
    identity.add_output(to);
    add(std::move(identity));
  }

  void inlineCall(const onnx::NodeProto &call, const Function &function) {
    const string prefix = nameOf(call) + "/";
    Names names; // of the function's values, in the model
    std::vector<std::pair<string, string>> copies;
    for (int i = 0; i < function.proto->input_size(); ++i)
      names[function.proto->input(i)] = i < call.input_size() ? call.input(i) : "";
    for (int i = 0; i < call.output_size(); ++i)
      if (!call.output(i).empty()) {
        auto [known, isNew] = names.emplace(function.proto->output(i), call.output(i));
        if (!isNew) // an input that is an output as it came, or one value that is two outputs
          copies.emplace_back(known->second, call.output(i));
      }
    for (const onnx::NodeProto &inner : function.proto->node()) {
      onnx::NodeProto node = inner;
      node.set_name(prefix + nameOf(inner));
      for (string &input : *node.mutable_input())
        if (!input.empty()) // a name that nothing makes stays for the checker to find
          input = names.count(input) ? names[input] : prefix + input;
      for (string &made : *node.mutable_output())
        if (!made.empty()) {
          if (!names.count(made))
            names[made] = fresh(prefix + made);
          made = names[made];
        }
      bindAttributes(node, call, function.defaults);
      add(std::move(node));
    }
    for (const auto &[from, to] : copies)
      addIdentity(from, to);
  }

  /// Attributes that the function takes from its caller. One that neither the caller nor a default gives is
  /// left out, so that the operator's own default holds.
  static void bindAttributes(onnx::NodeProto &node, const onnx::NodeProto &call, const Attributes &defaults) {
    auto attributes = std::move(*node.mutable_attribute());
    node.clear_attribute();
    for (onnx::AttributeProto &attribute : attributes) {
      if (attribute.ref_attr_name().empty()) {
        *node.add_attribute() = std::move(attribute);
        continue;
      }
      const auto given = llvm::find_if(call.attribute(), [&](const onnx::AttributeProto &each) {
        return each.name() == attribute.ref_attr_name();
      });
      const auto absent = defaults.find(attribute.ref_attr_name());
      if (given == call.attribute().end() && absent == defaults.end())
        continue;
      onnx::AttributeProto &bound = *node.add_attribute();
      bound = given != call.attribute().end() ? *given : absent->second;
      bound.set_name(attribute.name());
    }
  }

  int64_t modelOpset;
  std::map<Key, Function> functions;
  llvm::StringSet<> taken; ///< names of values
  std::map<string, unsigned> repeats;
  bool isFull = false;
  size_t depth = 0;
  google::protobuf::RepeatedPtrField<onnx::NodeProto> *output = nullptr;
};

} // namespace

std::vector<string> inlineFunctions(onnx::ModelProto &model, int64_t opset) {
  if (model.functions_size() == 0)
    return {};
  Inliner inliner(model, opset);
  inliner.run(*model.mutable_graph());
  model.clear_functions();
  return std::move(inliner.problems);
}

} // namespace arsis::compiler::onnximport
