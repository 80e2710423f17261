// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing the origin (layer, phase) of a location.

#include "dialects/NN/IR/Origin.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;

namespace arsis::nn {

Location makeOrigin(MLIRContext *context, StringRef layer, StringRef phase) {
  return makeOrigin(context, layer, phase, UnknownLoc::get(context));
}

Location makeOrigin(MLIRContext *context, StringRef layer, StringRef phase, Location source) {
  Location name = NameLoc::get(StringAttr::get(context, layer), source);
  // Not the overload on Location: that one would drop the metadata of a single part.
  return FusedLoc::get(context, {name}, StringAttr::get(context, phase));
}

std::pair<StringRef, StringRef> getOrigin(Location loc) {
  std::pair<StringRef, StringRef> origin;
  loc->walk([&](Location part) {
    auto fused = dyn_cast<FusedLoc>(part);
    if (!fused || fused.getLocations().empty())
      return WalkResult::advance();
    auto phase = dyn_cast_or_null<StringAttr>(fused.getMetadata());
    auto layer = dyn_cast<NameLoc>(fused.getLocations().front());
    if (!phase || !layer)
      return WalkResult::advance();
    origin = {layer.getName().getValue(), phase.getValue()};
    return WalkResult::interrupt();
  });
  return origin;
}

Location withPhase(Location loc, StringRef phase) {
  StringRef layer = getOrigin(loc).first;
  if (layer.empty())
    return makeOrigin(loc->getContext(), "unnamed", phase, loc);
  return makeOrigin(loc->getContext(), layer, phase);
}

} // namespace arsis::nn
