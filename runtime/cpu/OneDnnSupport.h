// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the oneDNN kernels share: one CPU engine, descriptors of our layouts, and reorders to whatever layout
// a primitive prefers. oneDNN chooses its own order of summation, so this backend is the independent one: it
// agrees within rounding, never in bits. Which op runs on oneDNN is a table: the registrations in
// OneDnn*.cpp; every other op runs on the plain loops.
#pragma once

#include "runtime/common/KernelRegistry.h"

#include <dnnl.hpp>

#include <unordered_map>

namespace arsis::ref::onednn {

using Arguments = std::unordered_map<int, dnnl::memory>;

const dnnl::engine &engine();

/// f32 descriptor of a tensor with logical dims (oneDNN's order: NCHW, OIHW) in a physical layout; `any` lets
/// a primitive choose.
dnnl::memory::desc describe(const std::vector<int64_t> &dims, dnnl::memory::format_tag layout);

/// Logical NCHW dims of an NHWC shape, OIHW dims of an HWIO shape.
std::vector<int64_t> imageDims(const Shape &nhwc);
std::vector<int64_t> weightDims(const Shape &hwio);

/// The tensor's elements, not copied. REQUIRES: the tensor outlives the memory; an operand is only read.
dnnl::memory wrap(const HostTensor &tensor, const dnnl::memory::desc &layout);

/// The same values in `layout`: the memory itself if it has it already, else a reordered copy.
dnnl::memory reordered(const dnnl::memory &source, const dnnl::memory::desc &layout);

/// Executes and waits.
void execute(const dnnl::primitive &primitive, const Arguments &arguments);

/// Executes with the result under the argument `index`, in the layout the primitive chose, then copies it to
/// `target`.
void executeInto(const dnnl::primitive &primitive, Arguments arguments, int index,
                 const dnnl::memory::desc &chosen, const dnnl::memory &target);

/// Runs the kernel with the defined floating-point environment on every thread that oneDNN computes on, and
/// turns dnnl::error into arsis::Error that names the op.
Kernel guarded(void (*kernel)(KernelCall &));

} // namespace arsis::ref::onednn
