// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Engine, layouts and error translation of the oneDNN kernels.
#include "runtime/cpu/OneDnnSupport.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"

#include <omp.h>
#include <pthread.h>

#include <optional>

namespace arsis::ref::onednn {
namespace {

/// The defined floating-point environment on every thread of the pool that OpenMP gives oneDNN when the
/// calling thread starts it. Others in the process use that pool too, and may have made its threads flush
/// denormals. A thread that the pool makes meanwhile inherits the environment from the calling thread; if it
/// replaces one of before, it has its number, and so gets its environment in the end.
class PoolEnvironment {
public:
  PoolEnvironment() : threads(static_cast<size_t>(::omp_get_max_threads())) {
    engine();             // what a forked child does must be said before there are threads
    ::omp_set_dynamic(0); // oneDNN waits for every thread that it asks for, and leaves its share undone
#pragma omp parallel num_threads(threads.size())
    threads[::omp_get_thread_num()].emplace();
  }
  ~PoolEnvironment() {
#pragma omp parallel num_threads(threads.size())
    threads[::omp_get_thread_num()].reset();
    ::omp_set_dynamic(callersDynamic);
  }
  PoolEnvironment(const PoolEnvironment &) = delete;
  PoolEnvironment &operator=(const PoolEnvironment &) = delete;

private:
  const int callersDynamic = ::omp_get_dynamic();
  // Goes last: entries of threads that are no more (a limit shrank the team) are destroyed on this thread.
  const numerics::FloatEnvironment callers;
  std::vector<std::optional<numerics::FloatEnvironment>> threads;
};

} // namespace

const dnnl::engine &engine() {
  static const dnnl::engine cpu = [] {
    // A forked child has none of the threads that OpenMP remembers, and would wait for them for ever.
    ::pthread_atfork(nullptr, nullptr, [] { ::omp_set_num_threads(1); });
    return dnnl::engine(dnnl::engine::kind::cpu, 0);
  }();
  return cpu;
}

dnnl::memory::desc describe(const std::vector<int64_t> &dims, dnnl::memory::format_tag layout) {
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, layout);
}

std::vector<int64_t> imageDims(const Shape &nhwc) { return {nhwc[0], nhwc[3], nhwc[1], nhwc[2]}; }
std::vector<int64_t> weightDims(const Shape &hwio) { return {hwio[3], hwio[2], hwio[0], hwio[1]}; }

dnnl::memory wrap(const HostTensor &tensor, const dnnl::memory::desc &layout) {
  // oneDNN's memory has no constant form.
  return dnnl::memory(layout, engine(), const_cast<float *>(tensor.as<float>()));
}

static void copy(const dnnl::memory &source, dnnl::memory target) {
  dnnl::stream stream(engine());
  dnnl::reorder(source, target).execute(stream, const_cast<dnnl::memory &>(source), target);
  stream.wait();
}

dnnl::memory reordered(const dnnl::memory &source, const dnnl::memory::desc &layout) {
  if (source.get_desc() == layout)
    return source;
  dnnl::memory target(layout, engine());
  copy(source, target);
  return target;
}

void execute(const dnnl::primitive &primitive, const Arguments &arguments) {
  dnnl::stream stream(engine());
  primitive.execute(stream, arguments);
  stream.wait();
}

void executeInto(const dnnl::primitive &primitive, Arguments arguments, int index,
                 const dnnl::memory::desc &chosen, const dnnl::memory &target) {
  const bool direct = chosen == target.get_desc();
  const dnnl::memory result = direct ? target : dnnl::memory(chosen, engine());
  arguments.emplace(index, result);
  execute(primitive, arguments);
  if (!direct)
    copy(result, target);
}

Kernel guarded(void (*kernel)(KernelCall &)) {
  return [kernel](KernelCall &call) {
    const PoolEnvironment environment;
    try {
      kernel(call);
    } catch (const dnnl::error &error) {
      throw Error("oneDNN cannot evaluate '" + call.op + "': " + error.what());
    }
  };
}

} // namespace arsis::ref::onednn
