// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The .npz reader and writer: round trips, what numpy writes, and that every malformed file is one
// arsis::Error.
#include "runtime/common/Npz.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/OutputFile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>

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

void write(const std::string &path, const std::vector<uint8_t> &bytes) {
  writeFile(path, {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
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
  write(path, serializeNpz(sample()));
  expectEqual(readNpz(path), sample());
  std::remove(path.c_str());
  EXPECT_THROW(readNpz(path), Error);
}

TEST(Npz, ReadsWhatNumpyWritesAndNumpyReadsWhatWeWrite) {
  const std::string folder = ::testing::TempDir();
  const std::string ours = folder + "/npz_ours.npz", theirs = folder + "/npz_theirs.npz",
                    packed = folder + "/npz_packed.npz";
  write(ours, serializeNpz(sample(), true));
  const std::string script = ARSIS_PYTHON " -c \"import numpy as np; d = dict(np.load('" + ours +
                             "')); assert d['a'].shape == (2, 3); " +
                             "assert d['scalar'].shape == () and d['scalar'] == -1; np.savez('" + theirs +
                             "', **d); np.savez_compressed('" + packed + "', **d)\"";
  ASSERT_EQ(std::system(script.c_str()), 0);
  expectEqual(readNpz(theirs), sample());
  expectEqual(readNpz(packed), sample());
}

TensorMap named(const std::string &name) { return {{name, HostTensor::of<float>({1}, {1})}}; }

std::string errorOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

TEST(Npz, NumpyReadsNamesOutsideAscii) {
  const std::string path = ::testing::TempDir() + "/npz_names.npz";
  const std::string longest(65531, 'n');
  TensorMap tensors = named("grad:x/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"); // two, three and four bytes
  tensors.merge(named(longest));
  write(path, serializeNpz(tensors));
  expectEqual(readNpz(path), tensors);
  const std::string script = ARSIS_PYTHON " -c \"import numpy as np; d = np.load('" + path +
                             "'); assert set(d.files) == {'grad:x/\\u00e4\\u20ac\\U0001f600', 'n' * 65531}, "
                             "d.files; assert all(d[n] == 1 for n in d.files)\"";
  EXPECT_EQ(std::system(script.c_str()), 0);
}

TEST(Npz, NamesThatTheFormatCannotHoldAreRefused) {
  const auto refused = [](const TensorMap &tensors) { return errorOf([&] { serializeNpz(tensors); }); };
  EXPECT_EQ(refused(named("")), "a tensor without a name cannot be in an .npz file");
  EXPECT_EQ(refused(named(std::string(65532, 'n'))),
            "tensor name '" + std::string(64, 'n') +
                "'... has 65532 bytes, an .npz file holds at most 65531");
  EXPECT_EQ(refused(named(std::string("a\0b", 3))),
            "tensor name 'a' goes on after a NUL, which an .npz file cannot hold");
  for (const char *bytes : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                            "\xff", "\xc3\xa4\xa4"})
    EXPECT_NE(refused(named(bytes)).find(" is not UTF-8, which an .npz file expects"), std::string::npos)
        << bytes;
  TensorMap shadowed = named("a");
  shadowed.merge(named("a.npy"));
  EXPECT_EQ(refused(shadowed), "tensor name 'a' and 'a.npy' cannot be in one .npz file");
}

TEST(Npz, ACheckSeesEveryHeaderBeforeAnyElementsAreUnpacked) {
  for (bool deflate : {false, true}) {
    std::vector<uint8_t> bytes = serializeNpz(
        {{"a", HostTensor({1 << 16}, HostType::F32)}, {"b", HostTensor({2, 3}, HostType::I64)}}, deflate);
    bytes[14] ^= 1; // checksums of the first member, which reading it would find wrong
    const auto directory =
        std::search(bytes.begin(), bytes.end(), std::begin("PK\1\2"), std::end("PK\1\2") - 1);
    directory[16] ^= 1;
    EXPECT_NE(errorOf([&] { parseNpz(bytes.data(), bytes.size(), "memory"); }).find("wrong checksum"),
              std::string::npos);
    std::string seen;
    const auto check = [&](const std::string &name, const Shape &shape, HostType type) {
      seen += name + " " + toString(shape) + " " + nameOf(type) + ";";
      if (name == "b")
        throw Error("refused");
    };
    EXPECT_EQ(errorOf([&] { parseNpz(bytes.data(), bytes.size(), "memory", check); }), "refused");
    EXPECT_EQ(seen, "a 65536 f32;b 2x3 i64;");
  }
}

TEST(Npz, MembersThatShareBytesAreRefused) {
  const HostTensor tensor({4}, HostType::F32);
  std::vector<uint8_t> bytes = serializeNpz({{"a", tensor}, {"b", tensor}});
  const auto second = std::find_end(bytes.begin(), bytes.end(), std::begin("PK\1\2"), std::end("PK\1\2") - 1);
  std::fill(second + 42, second + 46, uint8_t(0)); // its offset: that of the first
  EXPECT_EQ(errorOf([&] { parseNpz(bytes.data(), bytes.size(), "memory"); }),
            "memory: no valid .npz archive: members overlap at byte 0");
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
