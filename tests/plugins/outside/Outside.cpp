// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library from outside for the compiler: the dialect `outside`, whose engine op becomes the instruction
// `absolute` that another library brings. Loaded by `arsis-opt --load-dialect-plugin`.
#include "compiler/Conversion/TileToIsa/InstructionInterface.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Tile/IR/FootprintCollector.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "llvm/Config/llvm-config.h"

using namespace mlir;
using arsis::compiler::OperandConverter;

#include "tests/plugins/outside/OutsideDialect.h.inc"

#define GET_OP_CLASSES
#include "tests/plugins/outside/OutsideOps.h.inc"

#include "tests/plugins/outside/OutsideDialect.cpp.inc"

#define GET_OP_CLASSES
#include "tests/plugins/outside/OutsideOps.cpp.inc"

namespace outside {

void OutsideDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "tests/plugins/outside/OutsideOps.cpp.inc"
      >();
}

arsis::tile::StreamId AbsoluteOp::getStreamId() { return {arsis::tile::StreamKind::Vector, 0}; }

std::vector<arsis::tile::Footprint> AbsoluteOp::getFootprints() {
  arsis::tile::FootprintCollector footprints(*this);
  footprints.view(getInput(), getInputView(), getBox(), true, false);
  footprints.view(getDestination(), getView(), getBox(), false, true);
  return footprints.result;
}

arsis::isa::Body AbsoluteOp::getInstruction(OperandConverter &operands) {
  const arsis::isa::ExternalInstruction *absolute = arsis::isa::externalInstructions().find("absolute");
  if (!absolute) {
    operands.narrow.fail("needs instruction \"absolute\", which no loaded library brings");
    return arsis::isa::WaitOnly();
  }
  arsis::isa::External body = arsis::isa::makeExternal(*absolute);
  body.fields = {operands.extents<4>(getBox()),
                 operands.address(getDestination(), getView().getOffset()),
                 operands.strides<4>(getView().getStrides(), "stride"),
                 arsis::compiler::elementTypeOf(getDestination()),
                 operands.address(getInput(), getInputView().getOffset()),
                 operands.strides<4>(getInputView().getStrides(), "input stride"),
                 arsis::compiler::elementTypeOf(getInput())};
  return body;
}

} // namespace outside

extern "C" __attribute__((visibility("default"))) DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "outside", LLVM_VERSION_STRING,
          [](DialectRegistry *registry) { registry->insert<outside::OutsideDialect>(); }};
}
