// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy arrays and archives of them. What is read is written and read again, with the same result.
#include "runtime/common/Npz.h"
#include "tests/fuzz/Harness.h"

#include <cstring>

using namespace arsis;

static bool equal(const ref::HostTensor &a, const ref::HostTensor &b) {
  return a.shape() == b.shape() && a.type() == b.type() &&
         (a.byteSize() == 0 || std::memcmp(a.data(), b.data(), a.byteSize()) == 0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::answered([&] {
    const ref::HostTensor tensor = ref::parseNpy(data, size, "input.npy");
    fuzz::acceptInput();
    const std::vector<uint8_t> bytes = ref::serializeNpy(tensor);
    if (!equal(tensor, ref::parseNpy(bytes.data(), bytes.size(), "again.npy")))
      fuzz::fail("an array that is written reads back the same");
  });
  fuzz::answered([&] { // a caller who knows what it wants
    auto expectX = [](const std::string &name, const ref::Shape &shape, ref::HostType type) {
      if (name != "x" || shape != ref::Shape{2, 3} || type != ref::HostType::F32)
        throw Error("found another tensor, expected x");
    };
    for (const auto &[name, tensor] : ref::parseNpz(data, size, "input.npz", expectX))
      if (name != "x" || tensor.byteSize() != 24)
        fuzz::fail("an archive holds no tensor that was refused");
  });
  fuzz::answered([&] {
    const ref::TensorMap tensors = ref::parseNpz(data, size, "input.npz");
    fuzz::acceptInput();
    for (bool deflate : {false, true}) {
      const std::vector<uint8_t> bytes = ref::serializeNpz(tensors, deflate);
      const ref::TensorMap again = ref::parseNpz(bytes.data(), bytes.size(), "again.npz");
      for (const auto &[name, tensor] : tensors)
        if (again.size() != tensors.size() || !again.count(name) || !equal(tensor, again.at(name)))
          fuzz::fail("an archive that is written reads back the same");
    }
  });
  return 0;
}
