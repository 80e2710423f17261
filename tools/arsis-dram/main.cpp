// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-dram: the DRAM of a chip, or one channel of a preset, alone under a pattern or a trace. `run` prints
// achieved bandwidth, row hits and latency, `presets` the names of the presets, `table` the page
// docs/dram.md.
#include "tools/common/Main.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "simulator/memory/DramTraffic.h"
#include "tools/arsis-dram/Table.h"
#include "tools/common/Options.h"

#include <boost/json.hpp>

#include <iomanip>
#include <iostream>
#include <map>

using namespace arsis;
namespace options = boost::program_options;

static const std::map<std::string, sim::DramPattern::Kind> kPatterns = {
    {"sequential", sim::DramPattern::Sequential},
    {"copy", sim::DramPattern::Copy},
    {"random", sim::DramPattern::Random},
    {"strided", sim::DramPattern::Strided}};

static int64_t number(const options::variables_map &given, const char *name, int64_t least, int64_t most) {
  return static_cast<int64_t>(tool::wholeNumber(given[name].as<std::string>(), std::string("--") + name,
                                                static_cast<uint64_t>(least), static_cast<uint64_t>(most)));
}

static double share(const std::string &text) {
  char *end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !(value >= 0 && value <= 1))
    throw Error("--read-share: found '" + text + "', expected a number between 0 and 1");
  return value;
}

static std::vector<sim::DramRequest> requests(const options::variables_map &given, const timing::Dram &dram) {
  if (given.count("trace")) {
    const std::string path = given["trace"].as<std::string>();
    for (const char *other :
         {"pattern", "requests", "request-bytes", "read-share", "stride", "footprint-mib", "seed"})
      if (given.count(other) && !given[other].defaulted())
        throw Error(std::string("found --") + other + " beside --trace, expected either");
    return sim::parseDramTrace(readFile(path), path);
  }
  constexpr int64_t kMostRequests = 100000000, kMostBytes = int64_t(1) << 40;
  sim::DramPattern pattern;
  const std::string kind = given["pattern"].as<std::string>();
  if (kPatterns.count(kind) == 0)
    throw Error("--pattern: found '" + kind + "', expected sequential, copy, random or strided");
  pattern.kind = kPatterns.at(kind);
  pattern.requests = number(given, "requests", 1, kMostRequests);
  pattern.requestBytes =
      given.count("request-bytes") ? number(given, "request-bytes", 1, 1 << 20) : dram.burstBytes;
  pattern.footprintBytes = number(given, "footprint-mib", 1, 1 << 20) << 20;
  pattern.readShare = share(given["read-share"].as<std::string>());
  pattern.seed = tool::wholeNumber(given["seed"].as<std::string>(), "--seed");
  if (pattern.kind == sim::DramPattern::Copy && !given["read-share"].defaulted())
    throw Error(
        "found --read-share beside --pattern=copy, expected it beside another pattern: a copy reads half");
  if ((pattern.kind == sim::DramPattern::Strided) != (given.count("stride") > 0))
    throw Error("--stride: expected with --pattern=strided and only there");
  if (given.count("stride"))
    pattern.strideBytes = number(given, "stride", 1, kMostBytes);
  return sim::requestsOf(pattern);
}

static boost::json::object latencyJson(const sim::DramLatency &latency) {
  return {{"mean_ns", latency.mean},
          {"median_ns", latency.median},
          {"percentile_99_ns", latency.percentile99},
          {"most_ns", latency.most}};
}

static void printJson(const timing::Dram &dram, const sim::DramResult &result, int64_t outstanding) {
  boost::json::object json;
  json["peak_gbps"] = dram.bandwidthGbps;
  json["achieved_gbps"] = result.gigabytesPerSecond();
  json["share_of_peak"] = result.gigabytesPerSecond() / dram.bandwidthGbps;
  json["row_hits"] = result.rowHits();
  json["nanoseconds"] = result.nanoseconds;
  json["requests"] = result.requests;
  json["outstanding"] = outstanding;
  json["read_bytes"] = result.readBytes;
  json["write_bytes"] = result.writeBytes;
  json["openings"] = result.openings;
  json["write_batches"] = result.batches;
  json["turnarounds"] = result.turnarounds;
  json["refreshes"] = result.refreshes;
  json["read_latency"] = latencyJson(result.reads);
  json["write_latency"] = latencyJson(result.writes);
  boost::json::array repairs;
  for (const std::string &repair : dram.repairs())
    repairs.emplace_back(repair);
  json["repairs"] = std::move(repairs);
  std::cout << boost::json::serialize(json) << "\n";
}

static void printText(const chip::Chip &chip, const timing::Dram &dram, const sim::DramResult &result,
                      int64_t outstanding) {
  const bool window = dram.scheduler == timing::DramScheduler::FrFcfs;
  std::cout << chip.text("dram.preset") << " in " << chip.name << ": " << dram.channels << " channels x "
            << dram.ranks << " ranks x " << dram.groups << " bank groups, " << dram.banks
            << " banks a rank; order " << chip.text("dram.order") << ", " << chip.text("dram.scheduler");
  if (window)
    std::cout << " among " << dram.readQueue << " reads";
  std::cout << ", writes in batches of " << dram.writeBatch << " of " << dram.writeQueue << ", tRTRS "
            << dram.rtrs << " ns, " << outstanding << " requests in flight\n";
  for (const std::string &repair : dram.repairs())
    std::cout << "repair: " << repair << "\n";
  std::cout << std::fixed << std::setprecision(2) << "bandwidth " << result.gigabytesPerSecond() << " of "
            << dram.bandwidthGbps << " GB/s, " << 100 * result.gigabytesPerSecond() / dram.bandwidthGbps
            << " %\nrow hits " << 100 * result.rowHits() << " %\n";
  for (const auto &[name, latency, any] : {std::tuple("read", result.reads, result.readBytes),
                                           std::tuple("write", result.writes, result.writeBytes)})
    if (any > 0)
      std::cout << name << " latency: mean " << latency.mean << ", median " << latency.median << ", 99 % "
                << latency.percentile99 << ", at most " << latency.most << " ns\n";
}

static int runTraffic(int argc, char **argv) {
  std::vector<std::string> overrides;
  options::options_description visible("usage: arsis-dram run --chip CHIP|--preset PRESET [options]\n       "
                                       "arsis-dram presets | table\n\noptions");
  const auto text = [](const char *otherwise) {
    return options::value<std::string>()->default_value(otherwise);
  };
  visible.add_options()("help", "print this text")("chip", options::value<std::string>(),
                                                   "name or YAML file of the chip whose DRAM runs")(
      "preset", options::value<std::string>(),
      "one channel of a preset, behind the controller of docs/dram.md")(
      "set", options::value(&overrides)->composing(), "KEY=VALUE: override a chip value")(
      "pattern", text("sequential"), "sequential, copy, random or strided")(
      "trace", options::value<std::string>(),
      "file of lines `TIME_NS R|W ADDRESS BYTES` instead of a pattern")(
      "requests", text("100000"), "requests of the pattern")("request-bytes", options::value<std::string>(),
                                                             "bytes of a request; a burst if not given")(
      "read-share", text("1"), "reads among the requests")("stride", options::value<std::string>(),
                                                           "bytes from one request to the next of strided")(
      "footprint-mib", text("1024"), "addresses begin again behind it")("seed", text("0"),
                                                                        "of what is random")(
      "outstanding", options::value<std::string>(),
      "requests in flight at most; twice the reads that the channels hold if not given")(
      "json", options::bool_switch(), "print JSON");
  options::options_description all;
  all.add(visible);
  const options::variables_map given =
      tool::parseOptions(argc, argv, all, options::positional_options_description());
  if (given.count("help")) {
    std::cout << visible << "\n";
    return 0;
  }
  if (given.count("chip") == given.count("preset"))
    throw Error(std::string("found ") + (given.count("chip") ? "both" : "neither") +
                " of --chip and --preset, expected one of them");
  const chip::Chip chip = given.count("chip")
                              ? tool::readChip(given["chip"].as<std::string>(), overrides)
                              : tool::presetAlone(given["preset"].as<std::string>(), overrides);
  const timing::Dram dram(chip);
  const int64_t outstanding = given.count("outstanding") ? number(given, "outstanding", 1, 1 << 24)
                                                         : 2 * dram.readQueue * dram.channels;
  const std::vector<sim::DramRequest> sent = requests(given, dram);
  const sim::DramResult result = sim::runDram(dram, sent, outstanding);
  given["json"].as<bool>() ? printJson(dram, result, outstanding)
                           : printText(chip, dram, result, outstanding);
  return 0;
}

static int run(int argc, char **argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "presets" && argc == 2) {
    for (const std::string &name : chip::Chip::dramPresets())
      std::cout << name << "\n";
  } else if (command == "table" && argc == 2) {
    std::cout << tool::dramPage();
  } else if (command == "run") {
    return runTraffic(argc - 1, argv + 1);
  } else {
    throw Error("found " + (argc < 2 ? std::string("no command") : "command '" + command + "'") +
                ", expected arsis-dram run [options] | presets | table");
  }
  return 0;
}

int main(int argc, char **argv) { return tool::runMain(run, argc, argv); }
