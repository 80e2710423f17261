// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The .npz reader and writer: round trips, what numpy writes, and that every malformed file is one
// arsis::Error.
#include "runtime/common/Npz.h"

#include "dialects/Isa/Encoding/Error.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>

namespace arsis::ref {
namespace {

TensorMap sample() {
  TensorMap tensors;
  tensors["a"] = HostTensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  tensors["layer1.0/weight"] = HostTensor::of<double>({1}, {0.5});
  tensors["labels"] = HostTensor::of<int32_t>({3}, {7, 8, 9});
  tensors["scalar"] = HostTensor::of<int64_t>({}, {-1});
  tensors["empty"] = HostTensor({0, 4}, HostType::F32);
  tensors["large"] = HostTensor({100, 100}, HostType::F32);
  return tensors;
}

void expectEqual(const TensorMap &found, const TensorMap &expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto &[name, tensor] : expected) {
    ASSERT_TRUE(found.count(name)) << name;
    const HostTensor &other = found.at(name);
    EXPECT_EQ(other.shape(), tensor.shape()) << name;
    ASSERT_EQ(other.type(), tensor.type()) << name;
    ASSERT_EQ(other.byteSize(), tensor.byteSize()) << name;
    EXPECT_TRUE(other.byteSize() == 0 || 0 == std::memcmp(other.data(), tensor.data(), tensor.byteSize()))
        << name;
  }
}

TEST(Npz, RoundTripsStoredAndDeflated) {
  for (bool deflate : {false, true}) {
    const std::vector<uint8_t> bytes = serializeNpz(sample(), deflate);
    expectEqual(parseNpz(bytes.data(), bytes.size(), "memory"), sample());
  }
  EXPECT_LT(serializeNpz(sample(), true).size(), serializeNpz(sample(), false).size());
}

TEST(Npz, RoundTripsThroughAFile) {
  const std::string path = ::testing::TempDir() + "/npz_test.npz";
  writeNpz(path, sample());
  expectEqual(readNpz(path), sample());
  std::remove(path.c_str());
  EXPECT_THROW(readNpz(path), Error);
  EXPECT_THROW(writeNpz("/no/such/folder/x.npz", sample()), Error);
}

TEST(Npz, ReadsWhatNumpyWritesAndNumpyReadsWhatWeWrite) {
  const std::string folder = ::testing::TempDir();
  const std::string ours = folder + "/npz_ours.npz", theirs = folder + "/npz_theirs.npz",
                    packed = folder + "/npz_packed.npz";
  writeNpz(ours, sample(), true);
  const std::string script = ARSIS_PYTHON " -c \"import numpy as np; d = dict(np.load('" + ours +
                             "')); assert d['a'].shape == (2, 3); " +
                             "assert d['scalar'].shape == () and d['scalar'] == -1; np.savez('" + theirs +
                             "', **d); np.savez_compressed('" + packed + "', **d)\"";
  if (std::system(ARSIS_PYTHON " -c 'import numpy'") != 0)
    GTEST_SKIP() << ARSIS_PYTHON " has no numpy";
  ASSERT_EQ(std::system(script.c_str()), 0);
  expectEqual(readNpz(theirs), sample());
  expectEqual(readNpz(packed), sample());
}

HostTensor npyWithHeader(std::string header) {
  std::vector<uint8_t> bytes = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, uint8_t(header.size()), 0};
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), 8, 0); // two floats
  return parseNpy(bytes.data(), bytes.size(), "test");
}

TEST(Npy, ReadsAHeaderInAnyOrder) {
  EXPECT_EQ(npyWithHeader("{'shape': (1, 2,), 'descr': '<f4', 'fortran_order': False}\n").shape(),
            (Shape{1, 2}));
}

TEST(Npy, RejectsWhatItDoesNotSupport) {
  for (const char *header : {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }",
                             "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }",
                             "{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }",
                             "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
                             "{'descr': '<f4', 'fortran_order': False, }",
                             "{'descr': '<f4', 'descr': '<f4', 'shape': (2,), }", "{", "", "{}}"})
    EXPECT_THROW(npyWithHeader(header), Error) << header;
}

TEST(Npz, EveryTruncationIsAnError) {
  const std::vector<uint8_t> bytes = serializeNpz({{"a", HostTensor::of<float>({2}, {1, 2})}}, true);
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW(parseNpz(bytes.data(), size, "memory"), Error) << size;
}

TEST(Npz, EveryFlippedByteIsAnErrorOrChangesNoValue) {
  const TensorMap tensors = {{"a", HostTensor::of<float>({2}, {1, 2})}};
  for (bool deflate : {false, true}) {
    const std::vector<uint8_t> good = serializeNpz(tensors, deflate);
    for (size_t at = 0; at < good.size(); ++at)
      for (uint8_t flip : {0x01, 0x80, 0xff}) {
        std::vector<uint8_t> bad = good;
        bad[at] ^= flip;
        try {
          const TensorMap found = parseNpz(bad.data(), bad.size(), "memory");
          ASSERT_EQ(found.size(), 1u);
          EXPECT_EQ(0, std::memcmp(found.begin()->second.data(), tensors.at("a").data(), 8)) << at;
        } catch (const Error &) {
        }
      }
  }
}

} // namespace
} // namespace arsis::ref
