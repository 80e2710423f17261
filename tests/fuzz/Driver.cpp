// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs one target without libFuzzer: every file of the corpus folders, then so many mutants of them. A child
// process does the work under limits of time and memory; the input it is at lies in shared memory, so that
// the parent can write it to a file when the child dies, and go on behind it.
//
//   fuzz-TARGET [--mutants N] [--first N] [--seconds N] [--dictionary FILE] [--failures FOLDER] CORPUS...
//
// Exit 1 if an input crashed, ran too long, took too much memory, or a seed named valid* was refused.
#include "tests/fuzz/Harness.h"
#include "tests/fuzz/Mutator.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace arsis::fuzz {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMostInputBytes = 1 << 20;
constexpr rlim_t kMostMemory = rlim_t(1) << 30; // beyond what the program itself maps
constexpr int kMostSeconds = 600;               // of wall clock
constexpr unsigned kMostFailures = 20;
constexpr int kRefusedValidSeed = 3;

struct Seed {
  std::string name, bytes;
};

struct Arguments {
  uint64_t mutants = 0, first = 0;
  int seconds = 10; // of processor time, for one input
  std::string dictionary, failures = ".";
  std::vector<std::string> folders;
};

/// What the child tells the parent.
struct Progress {
  uint64_t next = 0; // number of the input that runs, or would
  uint64_t accepted = 0, acceptedSeeds = 0;
  double slowest = 0; // processor seconds
  char slowestName[256] = {};
  uint64_t size = 0;
  char name[256] = {};
  char bytes[kMostInputBytes] = {};
};

std::string readFile(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<Seed> readSeeds(const std::vector<std::string> &folders) {
  std::vector<Seed> seeds;
  for (const std::string &folder : folders)
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
      if (entry.is_regular_file())
        seeds.push_back({entry.path().filename().string(), readFile(entry.path())});
  std::sort(seeds.begin(), seeds.end(), [](const Seed &a, const Seed &b) { return a.name < b.name; });
  if (seeds.empty())
    throw std::runtime_error("the corpus is empty");
  return seeds;
}

/// Memory that a hanging or hoarding input may have, on top of the program's own.
void limitResources() {
#ifndef __SANITIZE_ADDRESS__ // its shadow alone is terabytes of address space
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t bytes = pages * rlim_t(sysconf(_SC_PAGESIZE)) + kMostMemory;
  const rlimit memory = {bytes, bytes};
  setrlimit(RLIMIT_AS, &memory);
#endif
  const rlimit noCore = {0, 0};
  setrlimit(RLIMIT_CORE, &noCore);
}

void armTimers(int seconds) {
  const itimerval limit = {{0, 0}, {seconds, 0}};
  setitimer(ITIMER_PROF, &limit, nullptr); // SIGPROF ends the process
  alarm(kMostSeconds);                     // so does SIGALRM
}

double processorSeconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

/// Runs the inputs from progress.next on. An exception that leaves the target ends the process.
[[noreturn]] void work(const std::vector<Seed> &seeds, const Mutator &mutator, const Arguments &arguments,
                       Progress &progress) noexcept {
  limitResources();
  for (const uint64_t total = seeds.size() + arguments.mutants; progress.next < total; ++progress.next) {
    const bool isSeed = progress.next < seeds.size();
    const uint64_t number = arguments.first + progress.next - seeds.size();
    const std::string input = isSeed ? seeds[progress.next].bytes : mutator.mutant(number);
    const std::string name = isSeed ? seeds[progress.next].name : "mutant " + std::to_string(number);
    progress.size = std::min(input.size(), kMostInputBytes);
    std::memcpy(progress.bytes, input.data(), progress.size);
    std::snprintf(progress.name, sizeof progress.name, "%s", name.c_str());
    armTimers(arguments.seconds);
    const double begin = processorSeconds();
    const uint64_t before = acceptedInputs();
    const std::vector<uint8_t> exact(input.begin(), input.end()); // no byte behind the last one
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
    const bool accepted = acceptedInputs() > before;
    (isSeed ? progress.acceptedSeeds : progress.accepted) += accepted;
    if (const double seconds = processorSeconds() - begin; seconds > progress.slowest) {
      progress.slowest = seconds;
      std::memcpy(progress.slowestName, progress.name, sizeof progress.name);
    }
    if (isSeed && !accepted && name.rfind("valid", 0) == 0)
      _exit(kRefusedValidSeed);
  }
  _exit(0);
}

std::string describe(int status, int seconds) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == kRefusedValidSeed)
    return "refused, expected that a valid seed is accepted";
  if (WIFEXITED(status))
    return "ended the process with exit code " + std::to_string(WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM)
    return "took more than " + std::to_string(seconds) + " s";
  return std::string("died: ") + strsignal(WTERMSIG(status));
}

Arguments parse(int argc, char **argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--", 0) != 0) {
      arguments.folders.push_back(argument);
      continue;
    }
    if (i + 1 == argc)
      throw std::runtime_error(argument + " has no value");
    const std::string value = argv[++i];
    if (argument == "--mutants")
      arguments.mutants = std::stoull(value);
    else if (argument == "--first")
      arguments.first = std::stoull(value);
    else if (argument == "--seconds")
      arguments.seconds = std::stoi(value);
    else if (argument == "--dictionary")
      arguments.dictionary = value;
    else if (argument == "--failures")
      arguments.failures = value;
    else
      throw std::runtime_error("unknown option " + argument);
  }
  return arguments;
}

int run(const Arguments &arguments, const std::string &target) {
  const std::vector<Seed> seeds = readSeeds(arguments.folders);
  std::vector<std::string> bytes;
  for (const Seed &seed : seeds)
    bytes.push_back(seed.bytes);
  const Mutator mutator(std::move(bytes), arguments.dictionary.empty()
                                              ? std::vector<std::string>()
                                              : parseDictionary(readFile(arguments.dictionary)));
  void *memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::runtime_error("cannot map memory");
  Progress &progress = *new (memory) Progress;
  unsigned failures = 0;
  for (const uint64_t total = seeds.size() + arguments.mutants; progress.next < total;) {
    const pid_t child = fork();
    if (child == 0)
      work(seeds, mutator, arguments, progress);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
      throw std::runtime_error("cannot start a process");
    if (status == 0)
      break;
    const fs::path kept = fs::path(arguments.failures) / (target + "-" + std::to_string(failures) + ".input");
    std::ofstream(kept, std::ios::binary).write(progress.bytes, std::streamsize(progress.size));
    std::printf("%s: %s %s; the input is %s\n", target.c_str(), progress.name,
                describe(status, arguments.seconds).c_str(), kept.c_str());
    std::fflush(stdout); // or the next child would have the line too
    ++progress.next;
    if (++failures == kMostFailures)
      break;
  }
  std::printf(
      "%s: %llu inputs; accepted %llu of %zu seeds, %llu of %llu mutants; the slowest, %s, took %.2f s; "
      "%u failures\n",
      target.c_str(), static_cast<unsigned long long>(progress.next),
      static_cast<unsigned long long>(progress.acceptedSeeds), seeds.size(),
      static_cast<unsigned long long>(progress.accepted), static_cast<unsigned long long>(arguments.mutants),
      progress.slowestName, progress.slowest, failures);
  return failures ? 1 : 0;
}

} // namespace
} // namespace arsis::fuzz

int main(int argc, char **argv) {
  try {
    return arsis::fuzz::run(arsis::fuzz::parse(argc, argv),
                            std::filesystem::path(argv[0]).filename().string());
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
