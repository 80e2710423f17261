// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Look-up and dispatch of reference kernels.
#include "runtime/common/KernelRegistry.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"

namespace arsis::ref {

const char *nameOf(Backend backend) {
  static const char *const names[] = {"exact", "plain-f32", "plain-f64", "onednn"};
  return names[static_cast<size_t>(backend)];
}

const Attribute &KernelCall::found(const std::string &name) const {
  auto it = attributes.find(name);
  if (it == attributes.end())
    throw Error("'" + op + "' has no attribute '" + name + "', which its reference kernel reads");
  return it->second;
}

void KernelCall::wrongKind(const std::string &name) const {
  throw Error("attribute '" + name + "' of '" + op + "' is not of the kind its reference kernel reads");
}

void KernelCall::expect(size_t operandCount, size_t resultCount) const {
  if (operands.size() != operandCount || results.size() != resultCount)
    throw Error("'" + op + "' has " + std::to_string(operands.size()) + " operands and " +
                std::to_string(results.size()) + " results, expected " + std::to_string(operandCount) +
                " and " + std::to_string(resultCount));
}

void KernelCall::checkShape(const char *kind, size_t index, const Shape &found, const Shape &expected) const {
  if (found != expected)
    throw Error(std::string(kind) + " " + std::to_string(index) + " of '" + op + "' is " + toString(found) +
                ", expected " + toString(expected));
}

void KernelCall::expectSameShapes() const {
  for (size_t i = 0; i < operands.size(); ++i)
    checkShape("operand", i, operandShape(i), resultShape(0));
  for (size_t i = 0; i < results.size(); ++i)
    checkShape("result", i, resultShape(i), resultShape(0));
}

static KernelRegistry &registryOfProcess() {
  static KernelRegistry registry = [] {
    KernelRegistry filled;
    registerCpuKernels(filled);
    return filled;
  }();
  return registry;
}

const KernelRegistry &KernelRegistry::instance() { return registryOfProcess(); }

void takeKernels(const isa::Brought &brought, const std::string &library) {
  for (const BroughtKernel &kernel : brought.all<BroughtKernel>()) {
    if (registryOfProcess().find(kernel.op))
      throw Error("library " + library + ": there is a reference kernel for '" + kernel.op + "' already");
    registryOfProcess().add(kernel.op, kernel.f32, kernel.f64, kernel.planDims);
  }
}

void KernelRegistry::add(const std::string &op, Kernel f32, Kernel f64, std::vector<std::string> planDims) {
  if (!entries.emplace(op, Entry{std::move(f32), std::move(f64), nullptr, std::move(planDims)}).second)
    throw Error("two reference kernels for '" + op + "'");
}

void KernelRegistry::addOneDnn(const std::string &op, Kernel kernel) {
  auto it = entries.find(op);
  if (it == entries.end())
    throw Error("a oneDNN kernel for '" + op + "', which has no plain kernel");
  it->second.oneDnn = std::move(kernel);
}

const KernelRegistry::Entry *KernelRegistry::find(const std::string &op) const {
  auto it = entries.find(op);
  return it == entries.end() ? nullptr : &it->second;
}

std::vector<std::string> KernelRegistry::ops() const {
  std::vector<std::string> names;
  for (const auto &entry : entries)
    names.push_back(entry.first);
  return names;
}

void evaluate(KernelCall &call, Backend backend) {
  const numerics::FloatEnvironment environment;
  const KernelRegistry &registry = KernelRegistry::instance();
  const KernelRegistry::Entry *entry = registry.find(call.op);
  if (!entry) {
    std::string supported;
    for (const std::string &name : registry.ops())
      supported += (supported.empty() ? "" : ", ") + name;
    throw Error("no reference kernel for '" + call.op + "'; supported are " + supported);
  }
  if (backend == Backend::Exact && !entry->planDims.empty() && !call.plan)
    throw Error("'" + call.op + "' has no reduction plan, which the exact order needs");
  if (backend != Backend::Exact)
    call.plan = nullptr;
  if (backend == Backend::PlainF64)
    return entry->f64(call);
  if (backend == Backend::OneDnn && entry->oneDnn)
    return entry->oneDnn(call);
  entry->f32(call);
}

} // namespace arsis::ref
