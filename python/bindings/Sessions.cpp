// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The simulated chip: write, run, read. SystemC has one kernel per process, so runs of different threads take
// turns.

#include "python/bindings/Bindings.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "simulator/top/Session.h"

#include <chrono>
#include <mutex>
#include <utility>
#include <variant>

#include <pthread.h>

namespace py = pybind11;

namespace arsis::python {

static std::timed_mutex kernelMutex;
static const sim::Session *running = nullptr; // by the thread that holds the mutex
static const sim::Session *torn =
    nullptr; // was running when this process was forked: half of its step is done

/// In a forked child the thread that ran a step is gone, and with it whoever would give the mutex back.
static void afterForkInChild() {
  new (&kernelMutex) std::timed_mutex;
  torn = std::exchange(running, nullptr);
}

static void checkWhole(const sim::Session &session) {
  if (&session == torn)
    throw InputError(
        "this session was running a step in another thread when the process was forked; expected a new "
        "session in the child");
}

using ProgramHandle = std::shared_ptr<isa::Program>;

static std::vector<std::shared_ptr<const isa::Program>>
programsOf(const std::variant<ProgramHandle, std::vector<ProgramHandle>> &given) {
  if (const auto *one = std::get_if<ProgramHandle>(&given))
    return {*one};
  const auto &several = std::get<std::vector<ProgramHandle>>(given);
  for (const ProgramHandle &program : several)
    if (!program)
      throw InputError("program: found None in the list, expected programs");
  return {several.begin(), several.end()};
}

static sim::Mode parseMode(const std::string &text) {
  static const std::map<std::string, sim::Mode> modes = {{"full", sim::Mode::Full},
                                                         {"timing", sim::Mode::TimingOnly},
                                                         {"functional", sim::Mode::FunctionalOnly}};
  auto found = modes.find(text);
  if (found == modes.end())
    throw InputError("mode: found '" + text + "', expected full, timing or functional");
  return found->second;
}

static const isa::Tensor &tensorOf(const sim::Session &session, const std::string &name,
                                   std::optional<size_t> program) {
  checkWhole(session);
  const isa::Tensor *tensor = session.findTensor(name, program);
  if (!tensor)
    throw InputError("the program has no tensor named " + name);
  return *tensor;
}

/// The bits of the tensor's own 4-byte elements. The array itself, where it has them.
static py::array elementsFor(const isa::Tensor &tensor, const py::object &given) {
  const std::string what = "tensor " + tensor.name;
  const bool integers = tensor.type == numerics::ElementType::I32;
  py::array array = toArray(given, what);
  const ref::Shape shape(array.shape(), array.shape() + array.ndim());
  if (shape != sim::hostShapeOf(tensor))
    throw InputError(what + " is " + ref::toString(sim::hostShapeOf(tensor)) + ", found an array of " +
                     ref::toString(shape));
  if (py::isinstance<py::array_t<float>>(array) == integers)
    throw InputError(
        what + " holds " +
        (integers ? "integers, found an array of floats" : "floats, found an array of integers"));
  if (!integers || py::isinstance<py::array_t<int32_t>>(array))
    return array;
  try {
    return fromTensor(toTensor(array, what).converted(ref::HostType::I32));
  } catch (const Error &error) {
    throw InputError(what + ": " + error.what());
  }
}

static void writeTensor(sim::Session &session, const std::string &name, const py::object &given,
                        std::optional<size_t> program) {
  const py::array elements = elementsFor(tensorOf(session, name, program), given);
  const void *data = elements.data();
  const auto bytes = static_cast<size_t>(elements.nbytes());
  const py::gil_scoped_release release;
  session.writeTensor(name, data, bytes, program);
}

static py::array readTensor(const sim::Session &session, const std::string &name,
                            std::optional<size_t> program) {
  const isa::Tensor &tensor = tensorOf(session, name, program);
  const bool integers = tensor.type == numerics::ElementType::I32;
  py::array result(py::dtype(integers ? "int32" : "float32"), sim::hostShapeOf(tensor));
  void *data = result.mutable_data();
  const auto bytes = static_cast<size_t>(result.nbytes());
  {
    const py::gil_scoped_release release;
    session.readTensor(name, data, bytes, program);
  }
  return result;
}

/// Takes its turn, unless the user does not want to wait for it.
static std::unique_lock<std::timed_mutex> lockKernel() {
  std::unique_lock<std::timed_mutex> lock(kernelMutex, std::defer_lock);
  while (!lock.try_lock_for(std::chrono::milliseconds(50)))
    checkInterrupt();
  return lock;
}

static std::string runStep(sim::Session &session, const std::string &mode,
                           std::optional<uint64_t> latencySeed, const std::optional<Path> &trace,
                           size_t program, const std::string &traceDetail, const std::string &traceWindow,
                           uint64_t maxInstances, uint64_t maxWork, bool power) {
  sim::RunOptions options;
  options.powerOverTime = power;
  options.program = program;
  options.mode = parseMode(mode);
  options.latencySeed = latencySeed;
  if (!trace && (traceDetail != "units" || !traceWindow.empty()))
    throw InputError("trace_detail and trace_window say what a trace holds, expected trace with them");
  options.tracePath = trace ? trace->string() : "";
  options.trace.detail = sim::parseTraceDetail(traceDetail);
  if (!traceWindow.empty())
    sim::parseTraceWindow(traceWindow, options.trace);
  options.maxInstances = maxInstances;
  options.maxWork = maxWork;
  checkWhole(session);
  return withoutLock([&] {
    const std::unique_lock<std::timed_mutex> lock = lockKernel();
    struct Running {
      explicit Running(const sim::Session &session) { running = &session; }
      ~Running() { running = nullptr; }
    } mark(session);
    return boost::json::serialize(session.run(options));
  });
}

static std::string priceRun(const sim::Session &session, const std::string &chip,
                            const Overrides &overrides) {
  checkWhole(session);
  return withoutLock([&] {
    const std::unique_lock<std::timed_mutex> lock = lockKernel();
    return boost::json::serialize(session.price(loadChip(chip, overrides)));
  });
}

void bindSessions(py::module_ &module) {
  pthread_atfork(nullptr, nullptr, afterForkInChild);
  py::class_<sim::Session>(
      module, "Session",
      "A program, or several, on a simulated chip; keeps its DRAM from step to step. Several programs, "
      "numbered "
      "in the order of the list, share parameters, state and gradients by name: they are there once.")
      .def(py::init([](const std::variant<ProgramHandle, std::vector<ProgramHandle>> &program,
                       const std::string &chipName, const Overrides &overrides, bool verify,
                       uint64_t maxInstances) {
             return withoutLock([&] {
               return std::make_unique<sim::Session>(
                   loadChip(chipName, overrides), programsOf(program),
                   verify ? sim::Verification::Required : sim::Verification::Skipped, maxInstances);
             });
           }),
           py::arg("program").none(false), py::arg("chip"), py::arg("overrides") = Overrides(),
           py::arg("verify") = true, py::arg("max_instances") = isa::kDefaultMaxInstances)
      .def("write", &writeTensor, py::arg("name"), py::arg("array"), py::arg("program") = py::none(),
           "Copies an array of the host's shape to the chip. `program` says whose tensor, where the name is "
           "that "
           "of several.")
      .def("read", &readTensor, py::arg("name"), py::arg("program") = py::none(),
           "Copies a tensor from the chip, in the host's shape; `program` as for `write`.")
      .def("run", &runStep, py::arg("mode") = "full", py::arg("latency_seed") = py::none(),
           py::arg("trace") = py::none(), py::arg("program") = 0, py::arg("trace_detail") = "units",
           py::arg("trace_window") = "", py::arg("max_instances") = isa::kDefaultMaxInstances,
           py::arg("max_work") = isa::kDefaultMaxWork, py::arg("power") = false,
           "Runs one step, of the program of this number; returns the report as JSON text. `trace` is a file "
           "for Perfetto, of detail layers, units or instructions, and of the cycles BEGIN:END of "
           "`trace_window`. `power`: whether the report has power over time.")
      .def("price", &priceRun, py::arg("chip"), py::kw_only(), py::arg("overrides") = Overrides(),
           "The report that the last run would have had on a chip that differs in its energies (keys "
           "`energy.*` and `technology.*`) and in nothing else, as JSON text: the same events and times, "
           "priced again.")
      .def(
          "adopt_state",
          [](sim::Session &session, const sim::Session &other) {
            checkWhole(session);
            checkWhole(other);
            session.adoptState(other);
          },
          py::arg("other"), "Takes parameters and state of another session.");
}

} // namespace arsis::python
