// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The isa dialect in C++: include this one header for its ops and attributes.
#ifndef ARSIS_DIALECTS_ISA_IR_ISA_H
#define ARSIS_DIALECTS_ISA_IR_ISA_H

#include "dialects/Isa/Encoding/Fields.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/Isa/IR/IsaDialect.h.inc"
#include "dialects/Isa/IR/IsaEnums.h.inc"

// Attributes hold the encoding's own structs; these make them keys of the context's uniquing tables.
namespace arsis::isa {
llvm::hash_code hash_value(const Affine &value);
llvm::hash_code hash_value(const Extent &value);
llvm::hash_code hash_value(const Address &value);
llvm::hash_code hash_value(const Wait &value);
} // namespace arsis::isa

#define GET_ATTRDEF_CLASSES
#include "dialects/Isa/IR/IsaAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Isa/IR/IsaOps.h.inc"

#endif // ARSIS_DIALECTS_ISA_IR_ISA_H
