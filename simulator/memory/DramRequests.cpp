// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The requests of patterns and traces (DramTraffic.h).
#include "simulator/memory/DramTraffic.h"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <random>
#include <sstream>

namespace arsis::sim {

std::vector<DramRequest> requestsOf(const DramPattern &pattern) {
  const auto positive = [](int64_t value, const char *what) {
    if (value <= 0)
      throw Error(std::string(what) + " of the pattern is " + std::to_string(value) +
                  ", expected at least 1");
  };
  positive(pattern.requests, "number of requests");
  positive(pattern.requestBytes, "size of a request");
  const int64_t part =
      pattern.kind == DramPattern::Copy ? pattern.footprintBytes / 2 : pattern.footprintBytes;
  const int64_t places = part / pattern.requestBytes;
  if (places < 1)
    throw Error("footprint of the pattern is " + std::to_string(pattern.footprintBytes) +
                " bytes, expected room for a request of " + std::to_string(pattern.requestBytes) +
                (pattern.kind == DramPattern::Copy ? " in each half" : ""));
  if (!(pattern.readShare >= 0 && pattern.readShare <= 1))
    throw Error("read share of the pattern is " + std::to_string(pattern.readShare) +
                ", expected between 0 and 1");
  if (pattern.kind == DramPattern::Strided)
    positive(pattern.strideBytes, "stride");
  std::mt19937_64 random(pattern.seed);
  const auto share = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  std::vector<DramRequest> requests(static_cast<size_t>(pattern.requests));
  for (int64_t k = 0; k < pattern.requests; ++k) {
    DramRequest &request = requests[static_cast<size_t>(k)];
    request.bytes = pattern.requestBytes;
    if (pattern.kind == DramPattern::Copy) {
      request.write = k % 2 == 1;
      request.address = k / 2 % places * pattern.requestBytes + (request.write ? part : 0);
      continue;
    }
    request.write = share() >= pattern.readShare;
    switch (pattern.kind) {
    case DramPattern::Random:
      request.address = static_cast<int64_t>(random() % static_cast<uint64_t>(places)) * pattern.requestBytes;
      break;
    case DramPattern::Strided:
      request.address = k * pattern.strideBytes % (places * pattern.requestBytes);
      break;
    default:
      request.address = k % places * pattern.requestBytes;
    }
  }
  return requests;
}

std::vector<DramRequest> parseDramTrace(const std::string &text, const std::string &name) {
  std::vector<DramRequest> requests;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto fail = [&](const std::string &found) {
      throw Error(name + ":" + std::to_string(number) + ": " + found +
                  ", expected a line `TIME_NS R|W ADDRESS BYTES` like `12.5 R 0x1000 64`");
    };
    std::istringstream words(line.substr(0, line.find('#')));
    std::vector<std::string> fields;
    for (std::string word; words >> word;)
      fields.push_back(word);
    if (fields.empty())
      continue;
    if (fields.size() != 4)
      fail("found " + std::to_string(fields.size()) + " fields");
    char *end = nullptr;
    errno = 0;
    const double time = std::strtod(fields[0].c_str(), &end);
    constexpr double kMostNs = 1e12;
    if (*end != 0 || errno != 0 || !(time >= 0 && time <= kMostNs))
      fail("time '" + fields[0] + "' is not between 0 and 1000 s");
    if (fields[1] != "R" && fields[1] != "W")
      fail("found '" + fields[1] + "', which is neither R nor W");
    const auto whole = [&](const std::string &word, const char *what, int64_t least) {
      constexpr int64_t kMost = int64_t(1) << 44;
      errno = 0;
      const int64_t value = std::strtoll(word.c_str(), &end, 0);
      if (*end != 0 || errno != 0 || value < least || value > kMost)
        fail(std::string(what) + " '" + word + "' is not a number from " + std::to_string(least) +
             " to 2^44");
      return value;
    };
    DramRequest request;
    request.arrival = std::llround(time * static_cast<double>(kFemtosecondsPerNanosecond));
    request.write = fields[1] == "W";
    request.address = whole(fields[2], "address", 0);
    request.bytes = whole(fields[3], "size", 1);
    if (!requests.empty() && request.arrival < requests.back().arrival)
      fail("time '" + fields[0] + "' lies before the one of the line before");
    requests.push_back(request);
  }
  if (requests.empty())
    throw Error(name + ": found no request, expected lines `TIME_NS R|W ADDRESS BYTES`");
  return requests;
}

} // namespace arsis::sim
