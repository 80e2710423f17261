// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chips: values by dotted key.

#include "python/bindings/Bindings.h"

#include "arch_configs/reader/Options.h"
#include "arch_configs/schema/Keys.h"
#include "power/PowerModel.h"
#include "timing/Dram.h"

namespace py = pybind11;

namespace arsis::python {

chip::Chip loadChip(const std::string &nameOrPath, const Overrides &overrides) {
  return chip::Chip::load(nameOrPath).withOverrides(overrides);
}

static std::variant<int64_t, double, std::string> valueOf(const chip::Chip &chip, const std::string &key) {
  chip.text(key); // throws for an unknown key
  if (chip::findKey(key)->kind == chip::KeySpec::Integer)
    return chip.integer(key);
  if (chip::findKey(key)->kind == chip::KeySpec::Text)
    return chip.text(key);
  return chip.real(key);
}

static std::vector<std::string> keys() {
  std::vector<std::string> names;
  for (const chip::KeySpec &spec : chip::keySpecs())
    names.emplace_back(spec.key);
  return names;
}

static py::dict rangeOf(const power::Range &range, const std::string &source) {
  py::dict entry;
  entry["low"] = range.low;
  entry["nominal"] = range.nominal;
  entry["high"] = range.high;
  entry["source"] = source;
  return entry;
}

static py::dict powerOf(const chip::Chip &chip) {
  const power::PowerModel model(chip);
  py::dict energies, statics, areas, found;
  for (const power::Coefficient &energy : model.coefficients()) {
    py::dict entry = rangeOf(energy.value, energy.source);
    entry["unit"] = energy.unit;
    entry["given"] = energy.given;
    energies[energy.key.c_str()] = entry;
  }
  for (const power::Part &part : model.statics())
    statics[part.name.c_str()] = rangeOf(part.value, part.source);
  for (const power::Part &part : model.areas())
    areas[part.name.c_str()] = rangeOf(part.value, part.source);
  found["energies"] = energies;
  found["static_mw"] = statics;
  found["area_mm2"] = areas;
  found["clock_limit_mhz"] = model.clockLimitMhz;
  found["clock_limited_by"] = model.clockLimit;
  return found;
}

void bindChips(py::module_ &module) {
  module.def("chips", &chip::Chip::shipped, "Names of the shipped chips.");
  module.def("dram_presets", &chip::Chip::dramPresets, "Names of the shipped timings for `dram.preset`.");
  module.def("chip_keys", &keys, "Every key of a chip, in the order of the manual page.");
  module.def(
      "describe_chip_key",
      [](const std::string &key) {
        const chip::KeySpec *spec = chip::findKey(key);
        return spec ? std::string(spec->description) : std::string();
      },
      py::arg("key"), "What a key means, in a sentence; empty if there is no such key.");
  module.def("parse_overrides", &chip::parseOverrides, py::arg("entries"),
             "KEY=VALUE texts as a dictionary. Raises InputError for anything else.");

  py::class_<chip::Chip>(module, "Chip", "The checked values of a chip, by dotted key.")
      .def(py::init(&loadChip), py::arg("name_or_path"), py::arg("overrides") = Overrides())
      .def_readonly("name", &chip::Chip::name)
      .def_readonly("description", &chip::Chip::description)
      .def("value", &valueOf, py::arg("key"),
           "int, float or str, as the key is. Raises ChipError for no key.")
      .def("text", &chip::Chip::text, py::arg("key"), "The value as written.")
      .def("unit", &chip::Chip::unit, py::arg("key"))
      .def("source", &chip::Chip::source, py::arg("key"))
      .def("assumed", &chip::Chip::assumedKeys, "Keys whose source says that the value is assumed.")
      .def(
          "with_overrides",
          [](const chip::Chip &chip, const Overrides &values) { return chip.withOverrides(values); },
          py::arg("values"), "The same chip with values replaced, given as text.")
      .def(
          "overrides",
          [](const chip::Chip &chip) {
            Overrides values;
            for (const chip::Override &change : chip.overrides())
              values.emplace(change.key, change.to);
            return values;
          },
          "The values that are not the file's, as text by key.")
      .def("keys", &chip::Chip::keys, "The keys that the chip gives, in the order of the manual page.")
      .def("power", &powerOf,
           "What its events, time and parts cost: energies by key, static_mw and area_mm2 by part, the limit "
           "of "
           "the clock.")
      .def(
          "read_latency_ns", [](const chip::Chip &chip) { return timing::Dram(chip).readLatencyNs(); },
          "Of the DRAM, unloaded, row open, without the burst.")
      .def(
          "differences",
          [](const chip::Chip &chip, const chip::Chip &other) {
            std::vector<std::string> differing;
            for (const chip::Difference &found : chip::differences(chip, other, chip::allKeys()))
              differing.push_back(found.key);
            return differing;
          },
          py::arg("other"), "Keys on which the chips differ, sorted.");
}

} // namespace arsis::python
