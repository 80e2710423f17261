// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the readers of every constant, groups those that share it, and names the groups.

#include "compiler/Import/Onnx/Parameters.h"
#include "compiler/Import/Onnx/Absent.h"
#include "compiler/Import/Onnx/Operators.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/GlobPattern.h"

#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

namespace {

const Parameter *findParameter(StringRef op, int input) {
  const Operator *known = findOperator(op);
  for (const Parameter &parameter : known ? ArrayRef(known->parameters) : ArrayRef<Parameter>())
    if (parameter.input == input)
      return &parameter;
  return nullptr;
}

bool isLinear(StringRef op) {
  return op == "Conv" || op == "ConvTranspose" || op == "Gemm" || op == "MatMul";
}

struct Reader {
  int node; ///< in the file
  int input;
  std::string written; ///< the name in the file
};

struct Root {
  std::string name;
  llvm::SmallVector<std::string, 1> aliases; ///< outputs of Identity nodes
  std::vector<Reader> readers;
  bool isUniform = false, isTied = false, isUntied = false;
  bool isShared() const { return !isUntied && (isTied || !isUniform); }
};

class Planner {
public:
  Planner(onnx::GraphProto &graph, llvm::StringMap<Entry> &entries, const ImportOptions &options)
      : graph(graph), entries(entries), options(options) {}

  ParameterPlan run() {
    collectNames();
    findReaders();
    match(options.tie, optionName("tie"), [](Root &root) { root.isTied = true; });
    match(options.untie, optionName("untie"), [](Root &root) { root.isUntied = true; });
    for (auto &[name, root] : roots)
      if (root.isTied && root.isUntied)
        plan.problems.push_back("constant '" + root.name + "' matches both " + optionName("tie") + " and " +
                                optionName("untie"));
    if (plan.problems.empty())
      for (auto &[name, root] : roots)
        assign(root);
    for (const std::string &pattern : options.freeze)
      freeze(pattern);
    removeIdentities();
    return std::move(plan);
  }

private:
  void collectNames() {
    for (const auto &entry : entries)
      names.insert(entry.getKey());
    for (const onnx::ValueInfoProto &info : graph.input())
      names.insert(info.name());
    for (int node = 0; node < graph.node_size(); ++node)
      for (const std::string &output : graph.node(node).output()) {
        names.insert(output);
        producers[output] = node;
      }
  }

  /// Lets every node read constants by the names of the constants themselves.
  void findReaders() {
    llvm::StringMap<std::string> aliases;
    for (int number = 0; number < graph.node_size(); ++number) {
      onnx::NodeProto &node = *graph.mutable_node(number);
      for (int input = 0; input < node.input_size(); ++input) {
        std::string written = node.input(input);
        if (auto alias = aliases.find(written); alias != aliases.end())
          node.set_input(input, alias->second);
        auto entry = entries.find(node.input(input));
        if (entry == entries.end() || !entry->second.constant)
          continue;
        // A half that is cast to fp32 is the same parameter; of integers a cast may make others.
        bool isIdentity = node.output_size() == 1 &&
                          (node.op_type() == "Identity" ||
                           (entry->second.constant->isFloat && isNameOnly(Node(node, /*opset=*/0))));
        if (isIdentity) {
          aliases[node.output(0)] = node.input(input);
          identities.push_back(number);
        }
        if (!entry->second.constant->isFloat)
          continue;
        Root &root = roots[entry->getKey()];
        if (root.name.empty()) {
          root.name = node.input(input);
          root.isUniform = entry->second.constant->isUniform();
        }
        if (isIdentity)
          root.aliases.push_back(node.output(0));
        else
          root.readers.push_back({number, input, std::move(written)});
      }
    }
  }

  std::optional<llvm::GlobPattern> parse(StringRef option, const std::string &text) {
    llvm::Expected<llvm::GlobPattern> pattern = llvm::GlobPattern::create(text);
    if (pattern)
      return std::move(*pattern);
    plan.problems.push_back((option + " '" + text + "': " + llvm::toString(pattern.takeError())).str());
    return std::nullopt;
  }

  /// What is frozen is read like a constant that is no weight: nothing asks for its gradient.
  void freeze(const std::string &text) {
    std::optional<llvm::GlobPattern> pattern = parse(optionName("freeze"), text);
    if (!pattern)
      return;
    bool matches = false;
    for (KnownConstant &constant : plan.constants)
      for (KnownParameter &parameter : constant.parameters) {
        Entry &entry = entries[parameter.name];
        if (parameter.isStatistic || !(entry.trainable || parameter.isFrozen) ||
            !pattern->match(parameter.name))
          continue;
        entry.trainable = false;
        parameter.isFrozen = matches = true;
      }
    if (!matches)
      plan.problems.push_back(optionName("freeze") + " '" + text + "' matches no parameter of the graph");
  }

  void match(ArrayRef<std::string> patterns, StringRef option, llvm::function_ref<void(Root &)> mark) {
    for (const std::string &text : patterns) {
      std::optional<llvm::GlobPattern> pattern = parse(option, text);
      if (!pattern)
        continue;
      bool matches = false;
      auto isMatch = [&](const std::string &name) { return pattern->match(name); };
      for (auto &[name, root] : roots)
        if (isMatch(root.name) || llvm::any_of(root.aliases, isMatch)) {
          mark(root);
          matches = true;
        }
      if (!matches)
        plan.problems.push_back((option + " '" + text + "' matches no weight of the graph").str());
    }
  }

  /// The shared parameters that say which layer `node` is: its own, and of an Add those of the product it
  /// follows.
  void addSharedRoots(int node, llvm::SmallVectorImpl<unsigned> &shared) {
    const onnx::NodeProto &proto = graph.node(node);
    for (const std::string &input : proto.input()) {
      if (auto root = roots.find(input); root != roots.end()) {
        if (root->second.isShared())
          shared.push_back(root - roots.begin());
      } else if (auto producer = producers.find(input); proto.op_type() == "Add" &&
                                                        producer != producers.end() &&
                                                        isLinear(graph.node(producer->second).op_type())) {
        addSharedRoots(producer->second, shared);
      }
    }
  }

  /// Numbers the groups of readers that share the constant, in the order of their first readers.
  llvm::IntEqClasses group(const Root &root) {
    llvm::IntEqClasses groups(root.readers.size());
    llvm::DenseMap<std::pair<unsigned, int>, unsigned> first; // of the readers that share a root, by input
    for (unsigned reader = 0; reader < root.readers.size() && !root.isUntied; ++reader) {
      llvm::SmallVector<unsigned> shared;
      if (root.isShared())
        shared.push_back(0);
      else
        addSharedRoots(root.readers[reader].node, shared);
      for (unsigned other : shared)
        groups.join(first.try_emplace({other, root.isShared() ? 0 : root.readers[reader].input}, reader)
                        .first->second,
                    reader);
    }
    groups.compress();
    return groups;
  }

  void assign(Root &root) {
    if (root.readers.empty())
      return;
    llvm::IntEqClasses groups = group(root);
    std::vector<std::vector<const Reader *>> members(groups.getNumClasses());
    for (unsigned reader = 0; reader < root.readers.size(); ++reader)
      members[groups[reader]].push_back(&root.readers[reader]);
    KnownConstant &constant = plan.constants.emplace_back();
    constant.name = root.name;
    constant.isUniform = root.isUniform;
    const Entry original = entries[root.name];
    constant.isNode = !original.trainable;
    constant.isAbsent = original.constant->isAbsent;
    int last = -1;
    for (const Reader &reader : root.readers)
      if (std::exchange(last, reader.node) != reader.node)
        constant.readers.push_back(graph.node(reader.node).name());
    llvm::StringSet<> taken; // names of the file that earlier groups have
    for (const auto &group : members) {
      KnownParameter &parameter = constant.parameters.emplace_back();
      parameter.name = members.size() == 1 ? root.name : nameOf(group, taken);
      const std::string &name = parameter.name;
      Entry &entry = entries[name];
      entry = original;
      entry.name = name;
      entry.trainable |= llvm::any_of(group, [&](const Reader *reader) { return isWeight(*reader); });
      if (entry.constant->isAbsent && options.randomWeights)
        fill(entry, *group.front());
      parameter.isStatistic = llvm::all_of(group, [&](const Reader *reader) { return isStatistic(*reader); });
      if (original.trainable && original.constant->shape.empty() &&
          llvm::all_of(group, [&](const Reader *reader) { return isFactor(*reader); })) {
        entry.trainable = false;
        entry.isNumber = true;
      }
      for (const Reader *reader : group) {
        graph.mutable_node(reader->node)->set_input(reader->input, name);
        parameter.readers.emplace_back(reader->node, reader->input);
      }
    }
  }

  /// Values of its own, so that what was merged differs.
  void fill(Entry &entry, const Reader &reader) {
    const onnx::NodeProto &node = graph.node(reader.node);
    const Parameter *place = findParameter(node.op_type(), reader.input);
    entry.constant = std::make_shared<Tensor>(*entry.constant);
    fillRandomly(*entry.constant, Node(node, /*opset=*/0), place ? StringRef(place->word) : "",
                 *options.randomWeights, entry.name);
  }

  std::string nameOf(ArrayRef<const Reader *> group, llvm::StringSet<> &taken) {
    for (const Reader *reader : group)
      if (taken.insert(reader->written).second)
        return reader->written;
    const Reader &reader = *group.front();
    const Parameter *place = findParameter(graph.node(reader.node).op_type(), reader.input);
    std::string wanted = graph.node(reader.node).name() + "." +
                         (place ? place->word.str() : "input" + std::to_string(reader.input));
    std::string name = wanted;
    for (unsigned number = 2; !names.insert(name).second; ++number)
      name = wanted + "_" + std::to_string(number);
    return name;
  }

  /// Whether the reader computes with a number where another one would have a parameter: exporters write
  /// `0.5 * x` like that.
  bool isFactor(const Reader &reader) {
    const std::string &op = graph.node(reader.node).op_type();
    return op == "Mul" || op == "Div" || op == "Sub" || op == "Pow" || op == "Max" || op == "Min";
  }

  /// Whether what the reader reads is trained even if it comes from a Constant node. What an Add adds is a
  /// bias if it adds it to a product. PyTorch's instance norm without parameters, and its group norm, have
  /// ones and zeros.
  bool isWeight(const Reader &reader) {
    const onnx::NodeProto &node = graph.node(reader.node);
    const Parameter *place = findParameter(node.op_type(), reader.input);
    if (!place || isFactor(reader) || node.op_type() == "InstanceNormalization")
      return false;
    if (node.op_type() != "Add")
      return true;
    auto producer = producers.find(node.input(1 - reader.input));
    return producer != producers.end() && isLinear(graph.node(producer->second).op_type());
  }

  bool isStatistic(const Reader &reader) {
    const Parameter *place = findParameter(graph.node(reader.node).op_type(), reader.input);
    return place && place->word.starts_with("running_");
  }

  void removeIdentities() {
    auto &nodes = *graph.mutable_node();
    auto next = identities.begin();
    int kept = 0;
    for (int number = 0; number < nodes.size(); ++number) {
      if (next != identities.end() && *next == number)
        ++next;
      else
        nodes.SwapElements(kept++, number);
    }
    nodes.DeleteSubrange(kept, nodes.size() - kept);
  }

  onnx::GraphProto &graph;
  llvm::StringMap<Entry> &entries;
  const ImportOptions &options;
  llvm::StringSet<> names;
  llvm::StringMap<int> producers;
  llvm::MapVector<StringRef, Root> roots;
  std::vector<int> identities;
  ParameterPlan plan;
};

} // namespace

ParameterPlan planParameters(onnx::GraphProto &graph, llvm::StringMap<Entry> &entries,
                             const ImportOptions &options) {
  return Planner(graph, entries, options).run();
}

static std::string quotedList(ArrayRef<std::string> names) {
  std::string text;
  for (const std::string &name : names)
    text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

LogicalResult GraphImporter::addParameters(onnx::GraphProto &graph) {
  ParameterPlan plan = planParameters(graph, entries, importOptions);
  llvm::append_range(problems, plan.problems);
  constants = std::move(plan.constants);
  return report();
}

void GraphImporter::describeParameters() {
  std::vector<std::string> separated, shared, trained, constant, frozen;
  for (const KnownConstant &known : constants) {
    std::vector<std::string> used; // as values, not as attributes known at import
    for (const KnownParameter &parameter : known.parameters)
      if (entries[parameter.name].value) {
        used.push_back(parameter.name);
        if (parameter.isFrozen)
          frozen.push_back(parameter.name);
        else if (known.isNode && !entries[parameter.name].isState)
          (entries[parameter.name].trainable ? trained : constant).push_back(parameter.name);
      }
    if (used.empty())
      continue;
    const Entry &entry = entries[used.front()];
    if (known.parameters.size() > 1)
      separated.push_back("'" + known.name + "' is " + quotedList(used));
    else if (known.readers.size() > 1 && entry.trainable)
      shared.push_back("'" + known.name + "' of " + quotedList(known.readers));
  }
  auto remark = [&](ArrayRef<std::string> notes, const Twine &text) {
    if (notes.empty())
      return;
    InFlightDiagnostic diagnostic = emitRemark(NameLoc::get(opBuilder.getStringAttr(path))) << text;
    for (const std::string &note : notes)
      diagnostic.attachNote() << note;
  };
  remark(separated, "constants that the file gives to several nodes are parameters of their own in each (" +
                        optionName("tie") + " NAME keeps one)");
  remark(shared, "parameters that several nodes share are trained by the sum of the gradients (" +
                     optionName("untie") + " NAME separates them)");
  remark(trained.empty() ? ArrayRef<std::string>() : quotedList(trained),
         "weights in Constant nodes are trained");
  remark(constant.empty() ? ArrayRef<std::string>() : quotedList(constant),
         "constants that are no weights stay as they are");
  remark(frozen.empty() ? ArrayRef<std::string>() : quotedList(frozen), "frozen parameters stay as they are");
}

} // namespace arsis::compiler::onnximport
