// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of one import: the function being built and the table of the graph's values. Each value remembers
// how its dimensions are arranged here compared with the host (ONNX), so that a host Transpose or a change
// between NCHW and NHWC costs an operation only where the consumer needs another arrangement.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_GRAPH_H
#define ARSIS_COMPILER_IMPORT_ONNX_GRAPH_H

#include "compiler/Import/Onnx/Node.h"
#include "compiler/Import/Onnx/Onnx.h"
#include "compiler/Import/Onnx/Optimized.h"
#include "compiler/Import/Onnx/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>
#include <memory>
#include <optional>
#include <set>

namespace onnx {
class GraphProto;
class ModelProto;
class ValueInfoProto;
} // namespace onnx

namespace arsis::compiler::onnximport {

/// Host dimension i is dimension permutation[i] here.
using Permutation = llvm::SmallVector<int64_t, 4>;
/// NCHW on NHWC, OIHW on HWIO, and no change.
Permutation imagePermutation();
Permutation kernelPermutation();
Permutation hostPermutation(size_t rank);
/// Dimension 1, the host's channels, last and the others in order; `rank` is at least 2. Of four dimensions
/// it is `imagePermutation`.
Permutation channelsLast(size_t rank);
/// "2x3x4"; "scalar" for rank 0.
std::string describe(llvm::ArrayRef<int64_t> shape);

/// A value and its arrangement. Null after a recorded problem.
struct Arranged {
  mlir::Value value;
  Permutation permutation;

  explicit operator bool() const { return static_cast<bool>(value); }
};

/// One value of the graph. Exactly one of: a value of the function, a constant (and a value once it is used
/// as one), or neither, if the node that makes it could not be imported.
struct Entry {
  mlir::Value value;
  Permutation permutation;
  std::shared_ptr<Tensor> constant;
  bool trainable = false; ///< the constant is an initialiser, or a weight of a Constant node
  bool isState = false;   ///< the value is that of a running statistic
  bool isNumber = false;  ///< the constant is an initialiser without dimensions that only arithmetic reads
  std::string name;       ///< of the constant
};

/// A tensor that nodes read, in the end an argument of the function.
struct KnownParameter {
  std::string name;
  std::vector<std::pair<int, int>> readers; ///< numbers of node and input in the file
  bool isStatistic = false;                 ///< all of them read it as a running statistic
  bool isFrozen = false;                    ///< the option `freeze` matches it
};

/// What became of a constant of floats that some node reads.
struct KnownConstant {
  std::string name;                       ///< in the file
  bool isUniform = false;                 ///< all elements are equal
  bool isAbsent = false;                  ///< the file gives its shape only
  bool isNode = false;                    ///< the value of a Constant node, not an initialiser
  std::vector<KnownParameter> parameters; ///< one: shared by all readers
  std::vector<std::string> readers;       ///< names of the nodes, each once
};

class GraphImporter {
public:
  GraphImporter(mlir::MLIRContext &context, const ImportOptions &options, std::string path);

  /// Fills a new module. Null after one diagnostic.
  mlir::OwningOpRef<mlir::ModuleOp> run(onnx::ModelProto &model);
  /// Only finds which input of which node reads which parameter. Failure after one diagnostic.
  mlir::FailureOr<ParameterReaders> findReaders(onnx::ModelProto &model);

  // For the conversions of nodes.
  mlir::OpBuilder &builder() { return opBuilder; }
  mlir::Location location(const Node &node);
  const ImportOptions &options() const { return importOptions; }
  /// Remembers that something of this type became fp32, for one remark; FLOAT is fp32 already.
  void noteConversion(int32_t onnxType);

  /// Records a problem of `node`; all problems are reported together.
  mlir::LogicalResult fail(const Node &node, const llvm::Twine &problem);
  /// Input `index` of `node` in the host's shape; empty optional if the input could not be imported.
  llvm::SmallVector<int64_t> hostShape(const Node &node, size_t index);
  llvm::SmallVector<int64_t> hostShape(const Arranged &given);
  /// Input `index` arranged as asked. A constant becomes an argument of the function with that arrangement on
  /// its first use, in role `state` if `isState` or it is not trainable, else `parameter`. Null after
  /// recording that it has another rank, holds integers or nothing, or has the other role already.
  mlir::Value value(const Node &node, size_t index, llvm::ArrayRef<int64_t> permutation,
                    bool isState = false);
  /// Input `index` as it is arranged now, for operators to which the arrangement is all one; host arrangement
  /// for a constant.
  Arranged valueAsItIs(const Node &node, size_t index);
  /// `given` in another arrangement.
  mlir::Value arrange(const Node &node, const Arranged &given, llvm::ArrayRef<int64_t> permutation);
  /// Input `index` if its values are known at import.
  const Tensor *constant(const Node &node, size_t index);
  /// The attribute `axes`, or input `index`, which replaced it in later opsets; empty if there is neither.
  /// Failure after recording that the input is not known.
  mlir::FailureOr<llvm::SmallVector<int64_t>> axes(const Node &node, size_t index);
  /// Input `index` if it is known at import, has one element and is not trained. Records an initialiser among
  /// them, for a remark.
  std::optional<float> number(const Node &node, size_t index);
  /// Whether input `index` is a constant, with values or without.
  bool isConstant(const Node &node, size_t index) {
    return node.hasInput(index) && entries[node.input(index)].constant != nullptr;
  }
  /// Whether a node or the graph's outputs read `name`. An output that nobody reads needs no value.
  bool isRead(llvm::StringRef name) const { return readNames.contains(name); }
  /// The batch that the file fixes, where another one was asked for.
  std::optional<int64_t> replacedBatch() const { return fileBatch; }
  /// Records that `node` normalises by the statistics of the batch although the file says otherwise.
  void noteBatchStatistics(const Node &node) { usesBatchStatistics.push_back(node.name().str()); }

  /// Records that `node` drops elements although the file says otherwise.
  void noteDropout(const Node &node) { usesDropout.push_back(node.name().str()); }

  /// What random numbers of the step are made of: the seed is a setting, the step counts itself, and the
  /// layer differs in every call.
  struct RandomState {
    mlir::Value seed, step;
    int64_t layer = 0;
  };
  RandomState randomState();

  /// A concatenation of two pieces or more along a dimension of the chip.
  struct Joined {
    int64_t axis;
    llvm::SmallVector<mlir::Value> pieces;
    mlir::Value whole;
  };
  void noteJoined(Joined made) { joined.push_back(std::move(made)); }
  /// The longest one of the first of `pieces`; null if there is none.
  const Joined *findJoined(llvm::ArrayRef<mlir::Value> pieces, int64_t axis) const;

  /// Gives output `index` its value; checks it against the shape that the file declares.
  mlir::LogicalResult define(const Node &node, size_t index, mlir::Value value,
                             llvm::ArrayRef<int64_t> permutation);
  mlir::LogicalResult defineConstant(const Node &node, Tensor tensor, bool trainable, llvm::StringRef name);
  /// A tensor that the file has not: an argument of this name with values of its own, which are not trained.
  mlir::Value stored(const std::string &name, Tensor tensor);
  /// Output `index` is input 0 under another name.
  mlir::LogicalResult forward(const Node &node);
  /// A result of the function that replaces the argument `argument` after the step.
  mlir::LogicalResult replaceState(const Node &node, mlir::Value argument, mlir::Value updated);

  mlir::RankedTensorType tensorType(llvm::ArrayRef<int64_t> shape);
  mlir::Value reshape(const Node &node, mlir::Value value, llvm::ArrayRef<int64_t> shape);

private:
  struct Result {
    mlir::Value value;
    mlir::NamedAttrList attributes;
  };

  /// What the options say of unknown dimensions, and what the inputs made of it.
  struct Bindings {
    std::map<std::string, int64_t> extents;
    llvm::StringSet<> symbols; ///< of all inputs
    bool batchUsed = false;
  };

  mlir::LogicalResult addWeights(onnx::GraphProto &graph, int64_t opset);
  void declare(const onnx::ValueInfoProto &info);
  /// The host's shape of an input with unknown dimensions bound; records each that is not.
  llvm::SmallVector<int64_t> bindShape(const onnx::ValueInfoProto &info, Bindings &bindings);
  mlir::LogicalResult addInputs(const onnx::GraphProto &graph);
  mlir::LogicalResult addInitialisers(const onnx::GraphProto &graph);
  mlir::LogicalResult addConstants(const onnx::GraphProto &graph, int64_t opset);
  mlir::LogicalResult addParameters(onnx::GraphProto &graph);
  /// Remarks on what a training step makes of the file.
  void describeTraining(const Optimized &optimized);
  void describeParameters();
  /// Inputs that can only be weights become parameters without values.
  void addAbsentInputs(const onnx::GraphProto &graph);
  /// Warns of parameters without values.
  void describeAbsent();
  void importNodes(const onnx::GraphProto &graph, int64_t opset);
  mlir::LogicalResult addOutputs(const onnx::GraphProto &graph);
  void finish();
  bool inputsKnown(const Node &node);
  /// Evaluates the node if all its inputs are constants that may be folded; nothing if it has to be built.
  std::optional<mlir::LogicalResult> fold(const Node &node);
  mlir::Value addArgument(mlir::RankedTensorType type, mlir::NamedAttrList attributes);
  void addHostLayout(mlir::NamedAttrList &attributes, mlir::RankedTensorType type,
                     llvm::ArrayRef<int64_t> permutation);
  mlir::Value materialise(Entry &entry, llvm::ArrayRef<int64_t> permutation, bool isState);
  mlir::LogicalResult report();

  mlir::MLIRContext &context;
  const ImportOptions &importOptions;
  std::string path;
  mlir::OpBuilder opBuilder;
  mlir::func::FuncOp function;
  llvm::StringMap<Entry> entries;
  llvm::StringMap<llvm::SmallVector<int64_t>> declaredShapes;
  llvm::SmallVector<mlir::NamedAttrList> argumentAttributes;
  llvm::SmallVector<Result> results;
  llvm::StringSet<> readNames, outputNames;
  llvm::DenseSet<unsigned> replaced; ///< arguments that a result replaces
  std::vector<KnownConstant> constants;
  std::vector<Joined> joined;
  std::optional<int64_t> fileBatch;
  std::vector<std::string> problems, usesBatchStatistics, usesDropout;
  RandomState random;                    ///< null until the first call; the layer of the next one
  std::set<std::string> numbers;         // initialisers that became part of operations
  std::map<int32_t, unsigned> converted; // tensors by the type they had in the file
};

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_GRAPH_H
