// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interpreter; see TileInterpreter.h.
#include "tests/compiler/Conversion/NNToTile/TileInterpreter.h"

#include "dialects/Isa/Numerics/Numerics.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace arsis::testing {

namespace {

constexpr uint32_t kPoison = 0x7fbadbad;
using Index = SmallVector<int64_t, 8>;

struct Memory {
  Words words;
  int64_t rowWidth = 1; // words per address unit: accumulators are addressed in rows
};

struct Bank {
  std::vector<std::vector<float>> weights; // [k][n]
  bool spent = true;                       // used by a product; every lowering loads anew
};

int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t a = evaluate(binary.getLHS(), dims), b = evaluate(binary.getRHS(), dims);
  if (expr.getKind() == AffineExprKind::Add)
    return a + b;
  if (expr.getKind() == AffineExprKind::Mul)
    return a * b;
  throw TileFault("an affine expression is not linear");
}

/// Calls body with every index of a box, row-major.
template <typename Body> void forBox(ArrayRef<int64_t> box, Body body) {
  if (llvm::is_contained(box, 0))
    return;
  Index index(box.size(), 0);
  while (true) {
    body(index);
    int64_t d = int64_t(box.size()) - 1;
    while (d >= 0 && ++index[d] == box[d])
      index[d--] = 0;
    if (d < 0)
      return;
  }
}

class Machine {
public:
  Machine(const std::map<std::string, Words> &inputs, const TileLimits &limits)
      : inputs(inputs), limits(limits) {}

  void run(Block &block, int64_t depth) {
    for (Operation &op : block) {
      try {
        execute(&op, depth);
      } catch (const TileFault &fault) {
        if (faulty)
          throw;
        faulty = true;
        std::string text;
        llvm::raw_string_ostream(text) << op << ": " << fault.what();
        throw TileFault(text);
      }
    }
  }

  std::map<std::string, Words> tensors() const {
    std::map<std::string, Words> result;
    for (auto &[name, memory] : named)
      result[name] = memory->words;
    return result;
  }

private:
  // What an op says about its operands, at the current loop indices.
  Index indicesOf(OperandRange operands) {
    Index values;
    for (Value value : operands)
      values.push_back(loops.lookup(value));
    return values;
  }
  static Index sizes(tile::ExtentsAttr extents, ArrayRef<int64_t> dims) {
    Index result;
    for (unsigned d = 0; d < extents.getRank(); ++d) {
      int64_t tile = extents.getTile()[d];
      AffineExpr limit = extents.getLimit(d);
      result.push_back(limit ? std::clamp<int64_t>(evaluate(limit, dims), 0, tile) : tile);
    }
    return result;
  }
  struct View {
    Memory *memory;
    int64_t offset;
    Index strides;

    int64_t at(ArrayRef<int64_t> index) const {
      int64_t position = offset;
      for (auto [i, stride] : llvm::zip_equal(index, strides))
        position += i * stride;
      return position;
    }
  };
  View view(Value buffer, tile::ViewAttr attr, ArrayRef<int64_t> dims) {
    return {memories.lookup(buffer).get(), evaluate(attr.getOffset().getResult(0), dims),
            Index(attr.getStrides())};
  }
  static uint32_t &word(const View &view, int64_t position, int64_t column = 0) {
    int64_t at = position * view.memory->rowWidth + column;
    if (position < 0 || at >= int64_t(view.memory->words.size()))
      throw TileFault("leaves its buffer at " + std::to_string(position));
    return view.memory->words[at];
  }
  static uint32_t readWord(const View &view, int64_t position, int64_t column = 0) {
    uint32_t value = word(view, position, column);
    if (value == kPoison)
      throw TileFault("reads what nobody wrote at " + std::to_string(position));
    return value;
  }
  static float read(const View &view, int64_t position, int64_t column = 0) {
    return numerics::floatOf(readWord(view, position, column));
  }
  static void write(const View &view, int64_t position, float value, int64_t column = 0) {
    word(view, position, column) = numerics::bitsOf(value);
  }

  void execute(Operation *op, int64_t depth) {
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](scf::ForOp loop) {
          if (depth == limits.maxLoops)
            throw TileFault("loops nest too deep");
          int64_t count = loop.getUpperBound().getDefiningOp<arith::ConstantIndexOp>().value();
          for (int64_t i = 0; i < count; ++i) {
            loops[loop.getInductionVar()] = i;
            run(*loop.getBody(), depth + 1);
          }
        })
        .Case([&](tile::TensorOp tensor) { declare(tensor); })
        .Case([&](tile::AliasOp alias) { memories[alias.getResult()] = memories.lookup(alias.getSource()); })
        .Case([&](tile::AllocOp alloc) {
          auto memory = std::make_shared<Memory>();
          memory->words.assign(alloc.getBufferType().getNumElements(), kPoison);
          memory->rowWidth = alloc.isAccumulator() ? alloc.getBufferType().getDimSize(1) : 1;
          memories[alloc.getResult()] = memory;
        })
        .Case<tile::LoadOp, tile::StoreOp>([&](auto dma) { transfer(dma); })
        .Case([&](tile::LoadWeightsOp typed) { loadWeights(typed); })
        .Case([&](tile::MultiplyOp typed) { multiply(typed); })
        .Case([&](tile::DrainOp typed) { drain(typed); })
        .Case([&](tile::MapOp typed) { map(typed); })
        .Case([&](tile::ReduceOp typed) { reduce(typed); })
        .Case([&](tile::PoolOp typed) { pool(typed); })
        .Case([&](tile::PoolGradOp typed) { poolGrad(typed); })
        .Case<arith::ConstantIndexOp, scf::YieldOp>([](auto) {})
        .Default([](Operation *) { throw TileFault("is unknown to the interpreter"); });
  }

  void declare(tile::TensorOp tensor) {
    auto memory = std::make_shared<Memory>();
    memory->words.assign(tensor.getType().getNumElements(), kPoison);
    if (auto found = inputs.find(tensor.getName().str()); found != inputs.end()) {
      if (found->second.size() != memory->words.size())
        throw TileFault("has another size than its input");
      memory->words = found->second;
    } else if (auto initial = tensor.getInitial()) {
      for (auto [word, bits] :
           llvm::zip(memory->words, cast<DenseElementsAttr>(*initial).getValues<APFloat>()))
        word = numerics::bitsOf(bits.convertToFloat());
    }
    memories[tensor.getResult()] = memory;
    if (!named.insert({tensor.getName().str(), memory}).second)
      throw TileFault("has the name of another tensor");
  }

  template <typename Dma> void transfer(Dma op) {
    constexpr bool isLoad = std::is_same_v<Dma, tile::LoadOp>;
    Index dims = indicesOf(op.getIndices()), box = sizes(op.getBox(), dims);
    Value buffer;
    uint32_t fill = 0;
    if constexpr (isLoad) {
      buffer = op.getDestination();
      fill = numerics::bitsOf(op.getFill().convertToFloat());
    } else {
      buffer = op.getSource();
    }
    View local = view(buffer, op.getView(), dims);
    ArrayRef<int64_t> shape = cast<MemRefType>(op.getTensor().getType()).getShape();
    Index full(4 - shape.size(), 1), corner;
    full.append(shape.begin(), shape.end());
    for (AffineExpr coordinate : op.getCoordinates().getResults())
      corner.push_back(evaluate(coordinate, dims));
    View tensor{memories.lookup(op.getTensor()).get(),
                0,
                {full[1] * full[2] * full[3], full[2] * full[3], full[3], 1}};
    forBox(box, [&](ArrayRef<int64_t> b) {
      Index at;
      bool inside = true;
      for (int d = 0; d < 4; ++d) {
        at.push_back(corner[d] + b[d]);
        inside &= at[d] >= 0 && at[d] < full[d];
      }
      if (isLoad)
        word(local, local.at(b)) = inside ? readWord(tensor, tensor.at(at)) : fill;
      else if (inside)
        word(tensor, tensor.at(at)) = readWord(local, local.at(b));
    });
  }

  Bank &bankOf(int64_t unit, AffineMap bank, ArrayRef<int64_t> dims) {
    int64_t number = evaluate(bank.getResult(0), dims) % limits.weightBanks;
    return banks[{unit, number}];
  }

  void loadWeights(tile::LoadWeightsOp op) {
    Index dims = indicesOf(op.getIndices()), k = sizes(op.getKBox(), dims), n = sizes(op.getNBox(), dims);
    View source = view(op.getSource(), op.getView(), dims);
    Bank &bank = bankOf(op.getUnit(), op.getBank(), dims);
    if (k[0] * k[1] * k[2] > limits.rows || n[0] > limits.cols)
      throw TileFault("holds more than the array");
    if (n[0] == 0 || llvm::is_contained(k, 0))
      return; // an instruction without work leaves the bank as it is
    bank.weights.clear();
    bank.spent = false;
    forBox(k, [&](ArrayRef<int64_t> at) {
      std::vector<float> row;
      for (int64_t column = 0; column < n[0]; ++column)
        row.push_back(read(source, source.at(at) + column * op.getNStride()));
      bank.weights.push_back(row);
    });
  }

  void multiply(tile::MultiplyOp op) {
    Index dims = indicesOf(op.getIndices()), m = sizes(op.getMBox(), dims), k = sizes(op.getKBox(), dims);
    View rows = view(op.getSource(), op.getView(), dims),
         acc = view(op.getAccumulators(), op.getAccView(), dims);
    Bank &bank = bankOf(op.getUnit(), op.getBank(), dims);
    if (llvm::is_contained(m, 0) || llvm::is_contained(k, 0))
      return;
    if (int64_t(bank.weights.size()) != k[0] * k[1] * k[2])
      throw TileFault("streams another K than the bank holds");
    if (bank.spent)
      throw TileFault("streams against weights of an earlier product");
    bank.spent = true;
    bool accumulate = evaluate(op.getAccumulate().getResult(0), dims) != 0;
    forBox(m, [&](ArrayRef<int64_t> at) {
      std::vector<float> partial(bank.weights.front().size(), 0.0f);
      size_t row = 0;
      forBox(k, [&](ArrayRef<int64_t> term) {
        int64_t position = rows.at(at);
        for (int d = 0; d < 3; ++d)
          position += term[d] * op.getKStrides()[d];
        float x = read(rows, position);
        for (size_t n = 0; n < partial.size(); ++n)
          partial[n] = numerics::fma(x, bank.weights[row][n], partial[n]);
        ++row;
      });
      for (size_t n = 0; n < partial.size(); ++n)
        write(acc, acc.at(at), accumulate ? numerics::add(read(acc, acc.at(at), n), partial[n]) : partial[n],
              n);
    });
  }

  void drain(tile::DrainOp op) {
    Index dims = indicesOf(op.getIndices()), m = sizes(op.getMBox(), dims), n = sizes(op.getNBox(), dims);
    View acc = view(op.getAccumulators(), op.getAccView(), dims),
         to = view(op.getDestination(), op.getView(), dims);
    forBox(m, [&](ArrayRef<int64_t> at) {
      for (int64_t column = 0; column < n[0]; ++column)
        write(to, to.at(at) + column * op.getNStride(), read(acc, acc.at(at), column));
    });
  }

  void map(tile::MapOp op) {
    Index dims = indicesOf(op.getIndices()), box = sizes(op.getBox(), dims);
    View to = view(op.getDestination(), op.getDestinationView(), dims);
    SmallVector<View> from;
    for (auto [i, input] : llvm::enumerate(op.getInputs()))
      from.push_back(view(input, op.getInputView(i), dims));
    auto function = numerics::VectorFunction(unsigned(op.getFunction()));
    forBox(box, [&](ArrayRef<int64_t> at) {
      float operands[3] = {0, 0, 0};
      for (auto [i, input] : llvm::enumerate(from))
        operands[i] = read(input, input.at(at));
      if (function == numerics::VectorFunction::OneHot) {
        operands[0] = float(int32_t(readWord(from[0], from[0].at(at))));
        operands[1] = float(at[3]);
      }
      write(to, to.at(at),
            numerics::applyMap(function, operands[0], operands[1], operands[2],
                               op.getImmediate().convertToFloat()));
    });
  }

  void reduce(tile::ReduceOp op) {
    Index dims = indicesOf(op.getIndices()), box = sizes(op.getBox(), dims), kept = box, reduced(4, 1);
    View to = view(op.getDestination(), op.getView(), dims),
         from = view(op.getInput(), op.getInputView(), dims);
    auto function = numerics::ReduceFunction(unsigned(op.getFunction()));
    bool accumulate = evaluate(op.getAccumulate().getResult(0), dims) != 0;
    for (int64_t d : op.getReduced()) {
      reduced[d] = box[d];
      kept[d] = 1;
    }
    forBox(kept, [&](ArrayRef<int64_t> at) {
      numerics::TreeReduction reduction(function);
      forBox(reduced, [&](ArrayRef<int64_t> term) {
        Index sum;
        for (int d = 0; d < 4; ++d)
          sum.push_back(at[d] + term[d]);
        reduction.take(read(from, from.at(sum)));
      });
      float value = reduction.result();
      int64_t position = to.at(at);
      write(to, position, accumulate ? numerics::combine(function, read(to, position), value) : value);
    });
  }

  void pool(tile::PoolOp op) {
    Index dims = indicesOf(op.getIndices()), box = sizes(op.getBox(), dims);
    View to = view(op.getDestination(), op.getView(), dims),
         from = view(op.getInput(), op.getInputView(), dims);
    bool max = op.getFunction() == tile::ReduceFunction::Max;
    forBox(box, [&](ArrayRef<int64_t> at) {
      float value = max ? numerics::kMinusInfinity : 0.0f;
      forBox(op.getWindow(), [&](ArrayRef<int64_t> k) {
        float v = read(from, from.at(at) + k[0] * op.getWindowStrides()[0] + k[1] * op.getWindowStrides()[1]);
        value = !max ? numerics::add(value, v) : numerics::better(v, value) ? v : value;
      });
      write(to, to.at(at), value);
    });
  }

  void poolGrad(tile::PoolGradOp op) {
    Index dims = indicesOf(op.getIndices()), box = sizes(op.getBox(), dims);
    View to = view(op.getDestination(), op.getView(), dims),
         g = view(op.getGradient(), op.getGradientView(), dims);
    bool max = op.getFunction() == tile::ReduceFunction::Max;
    int64_t shift = 0;
    View x = to;
    if (max) {
      x = {memories.lookup(op.getX()).get(), evaluate(op.getXOffset()->getResult(0), dims), to.strides};
      shift = x.offset - to.offset;
    }
    forBox(box, [&](ArrayRef<int64_t> at) {
      float gradient = read(g, g.at(at)), best = numerics::kMinusInfinity;
      int64_t first = to.at(at), chosen = first;
      forBox(op.getWindow(), [&](ArrayRef<int64_t> k) {
        int64_t position = first + k[0] * op.getWindowStrides()[0] + k[1] * op.getWindowStrides()[1];
        if (!max)
          return write(to, position, numerics::add(read(to, position), gradient));
        if (float v = read(x, position + shift); numerics::better(v, best)) {
          best = v;
          chosen = position;
        }
      });
      if (max)
        write(to, chosen, numerics::add(read(to, chosen), gradient));
    });
  }

  const std::map<std::string, Words> &inputs;
  TileLimits limits;
  DenseMap<Value, int64_t> loops;
  DenseMap<Value, std::shared_ptr<Memory>> memories;
  std::map<std::string, std::shared_ptr<Memory>> named;
  std::map<std::pair<int64_t, int64_t>, Bank> banks;
  bool faulty = false;
};

} // namespace

std::map<std::string, Words> runTileProgram(tile::ProgramOp program,
                                            const std::map<std::string, Words> &inputs,
                                            const TileLimits &limits) {
  Machine machine(inputs, limits);
  machine.run(program.getBody().front(), 0);
  return machine.tensors();
}

} // namespace arsis::testing
