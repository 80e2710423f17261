// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The simulated chip and the reference, driven alike: write, run, read. SystemC has one kernel per process,
// so runs of different threads take turns.

#include "python/bindings/Bindings.h"

#include "compiler/Pipelines/Compile.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "runtime/Interpreter/StepReference.h"
#include "simulator/top/Session.h"

#include <mutex>
#include <utility>
#include <variant>

#include <pthread.h>

namespace py = pybind11;

namespace arsis::python {

static std::mutex kernelMutex;
static const sim::Session *running = nullptr; // by the thread that holds the mutex
static const sim::Session *torn =
    nullptr; // was running when this process was forked: half of its step is done

/// In a forked child the thread that ran a step is gone, and with it whoever would give the mutex back.
static void afterForkInChild() {
  new (&kernelMutex) std::mutex;
  torn = std::exchange(running, nullptr);
}

static void checkWhole(const sim::Session &session) {
  if (&session == torn)
    throw Error(
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
      throw Error("program: found None in the list, expected programs");
  return {several.begin(), several.end()};
}

static sim::Mode parseMode(const std::string &text) {
  static const std::map<std::string, sim::Mode> modes = {{"full", sim::Mode::Full},
                                                         {"timing", sim::Mode::TimingOnly},
                                                         {"functional", sim::Mode::FunctionalOnly}};
  auto found = modes.find(text);
  if (found == modes.end())
    throw Error("mode: found '" + text + "', expected full, timing or functional");
  return found->second;
}

static const isa::Tensor &tensorOf(const sim::Session &session, const std::string &name,
                                   std::optional<size_t> program) {
  checkWhole(session);
  const isa::Tensor *tensor = session.findTensor(name, program);
  if (!tensor)
    throw Error("the program has no tensor named " + name);
  return *tensor;
}

static void writeTensor(sim::Session &session, const std::string &name, const py::array &array,
                        std::optional<size_t> program) {
  const isa::Tensor &tensor = tensorOf(session, name, program);
  bool integers = tensor.type == numerics::ElementType::I32;
  ref::HostTensor given = toTensor(array, "tensor " + name);
  if (given.shape() != sim::hostShapeOf(tensor))
    throw Error("tensor " + name + " is " + ref::toString(sim::hostShapeOf(tensor)) + ", found an array of " +
                ref::toString(given.shape()));
  if ((given.type() == ref::HostType::F32) == integers)
    throw Error("tensor " + name + " holds " +
                (integers ? "integers, found an array of floats" : "floats, found an array of integers"));
  if (integers)
    try {
      given = given.converted(ref::HostType::I32);
    } catch (const Error &error) {
      throw Error("tensor " + name + ": " + error.what());
    }
  session.writeTensor(name, given.data(), given.byteSize(), program);
}

static py::array readTensor(const sim::Session &session, const std::string &name,
                            std::optional<size_t> program) {
  const isa::Tensor &tensor = tensorOf(session, name, program);
  ref::HostTensor result(sim::hostShapeOf(tensor),
                         tensor.type == numerics::ElementType::I32 ? ref::HostType::I32 : ref::HostType::F32);
  session.readTensor(name, result.data(), result.byteSize(), program);
  return toArray(result);
}

static py::object runStep(sim::Session &session, const std::string &mode, std::optional<uint64_t> latencySeed,
                          const std::string &trace, size_t program, const std::string &traceDetail,
                          const std::string &traceWindow) {
  sim::RunOptions options;
  options.program = program;
  options.mode = parseMode(mode);
  options.latencySeed = latencySeed;
  if (trace.empty() && (traceDetail != "units" || !traceWindow.empty()))
    throw Error("trace_detail and trace_window say what a trace holds, expected trace with them");
  options.tracePath = trace;
  options.trace.detail = sim::parseTraceDetail(traceDetail);
  if (!traceWindow.empty())
    sim::parseTraceWindow(traceWindow, options.trace);
  checkWhole(session);
  // Reading the report's numbers back is arithmetic too.
  const numerics::FloatEnvironment environment;
  std::string report;
  {
    py::gil_scoped_release release;
    std::lock_guard<std::mutex> lock(kernelMutex);
    struct Running {
      explicit Running(const sim::Session &session) { running = &session; }
      ~Running() { running = nullptr; }
    } mark(session);
    report = boost::json::serialize(session.run(options));
  }
  return py::module_::import("json").attr("loads")(report);
}

static ref::Backend parseBackend(const std::string &text) {
  static const std::map<std::string, ref::Backend> backends = {{"exact", ref::Backend::Exact},
                                                               {"plain", ref::Backend::PlainF32},
                                                               {"f64", ref::Backend::PlainF64},
                                                               {"onednn", ref::Backend::OneDnn}};
  auto found = backends.find(text);
  if (found == backends.end())
    throw Error("backend: found '" + text + "', expected exact, plain, f64 or onednn");
  return found->second;
}

static std::unique_ptr<ref::StepReference>
makeStepReference(const std::string &model, std::optional<int64_t> batch,
                  const std::map<std::string, int64_t> &dims, const std::vector<std::string> &tie,
                  const std::vector<std::string> &untie, const py::kwargs &keywords) {
  compiler::CompileOptions options;
  readOptions(keywords, options);
  std::vector<compiler::Message> messages;
  auto step = std::make_unique<ref::StepReference>(
      compiler::stepText({model, readImport(batch, dims, tie, untie)}, options, &messages));
  warn(messages);
  return step;
}

void bindSessions(py::module_ &module) {
  pthread_atfork(nullptr, nullptr, afterForkInChild);
  py::class_<sim::Session>(
      module, "Session",
      "A program, or several, on a simulated chip; keeps its DRAM from step to step. Several programs, "
      "numbered "
      "in the order of the list, share parameters, state and gradients by name: they are there once.")
      .def(py::init([](const std::variant<ProgramHandle, std::vector<ProgramHandle>> &program,
                       const std::string &chipName, const std::map<std::string, std::string> &overrides,
                       bool verify) {
             py::gil_scoped_release release;
             return std::make_unique<sim::Session>(loadChip(chipName, overrides), programsOf(program),
                                                   verify ? sim::Verification::Required
                                                          : sim::Verification::Skipped);
           }),
           py::arg("program").none(false), py::arg("chip"),
           py::arg("overrides") = std::map<std::string, std::string>(), py::arg("verify") = true)
      .def("write", &writeTensor, py::arg("name"), py::arg("array"), py::arg("program") = py::none(),
           "Copies an array of the host's shape to the chip. `program` says whose tensor, where the name is "
           "that "
           "of several.")
      .def("read", &readTensor, py::arg("name"), py::arg("program") = py::none(),
           "Copies a tensor from the chip, in the host's shape; `program` as for `write`.")
      .def(
          "run", &runStep, py::arg("mode") = "full", py::arg("latency_seed") = py::none(),
          py::arg("trace") = "", py::arg("program") = 0, py::arg("trace_detail") = "units",
          py::arg("trace_window") = "",
          "Runs one step, of the program of this number; returns the report. `trace` is a file for Perfetto, "
          "of "
          "detail layers, units or instructions, and of the cycles BEGIN:END of `trace_window`.")
      .def(
          "adopt_state",
          [](sim::Session &session, const sim::Session &other) {
            checkWhole(session);
            checkWhole(other);
            session.adoptState(other);
          },
          py::arg("other"), "Takes parameters and state of another session.");

  py::class_<ref::StepReference>(module, "Reference", "The reference for a program, with its own state.")
      .def(py::init([](std::shared_ptr<isa::Program> program) {
             return std::make_unique<ref::StepReference>(*program);
           }),
           py::arg("program").none(false))
      .def(
          "write",
          [](ref::StepReference &step, const std::string &name, const py::array &array) {
            step.write(name, toTensor(array, "tensor " + name, Float64::Allowed));
          },
          py::arg("name"), py::arg("array"))
      .def(
          "read",
          [](const ref::StepReference &step, const std::string &name) { return toArray(step.read(name)); },
          py::arg("name"))
      .def(
          "run",
          [](ref::StepReference &step, const std::string &backend) {
            ref::Backend kind = parseBackend(backend);
            py::gil_scoped_release release;
            step.run(kind);
          },
          py::arg("backend") = "onednn");

  module.def(
      "step_reference", &makeStepReference, py::arg("model"), py::kw_only(), py::arg("batch") = py::none(),
      py::arg("dims") = std::map<std::string, int64_t>(), py::arg("tie") = std::vector<std::string>(),
      py::arg("untie") = std::vector<std::string>(),
      "The reference for a model, without any chip (no backend \"exact\"). Keywords as for `compile`.");
}

} // namespace arsis::python
