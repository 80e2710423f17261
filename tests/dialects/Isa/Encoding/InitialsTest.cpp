// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Initial values: one form for equal values, no space for zeros, and files that are the program's or refused.
#include "RandomProgram.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Sections.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

using namespace arsis;
using namespace arsis::isa;
namespace fs = std::filesystem;

namespace {

using Bytes = std::vector<uint8_t>;

Tensor tensorOf(const std::string &name, ElementType type, std::array<int64_t, 4> shape) {
  Tensor tensor;
  tensor.name = name;
  tensor.role = TensorRole::Parameter;
  tensor.type = type;
  tensor.shape = shape;
  for (size_t d = 3; d-- > 0;)
    tensor.stride[d] = tensor.stride[d + 1] * shape[d + 1];
  return tensor;
}

std::string errorOf(const std::function<void()> &action) {
  try {
    action();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

/// All elements of a value, a splat written out.
Bytes elementsOf(InitialReader &reader, const Program &program, const Initial &initial) {
  const InitialReader::Elements elements = reader.elements(initial);
  const Tensor &tensor = program.tensors[initial.tensor];
  const size_t size = size_t(numerics::sizeInBytes(tensor.type));
  Bytes bytes;
  for (size_t at = 0; at < elementBytes(tensor); at += size) {
    const uint8_t *from = elements.data + (elements.repeated ? 0 : at);
    bytes.insert(bytes.end(), from, from + size);
  }
  return bytes;
}

class InFolder : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::path(testing::TempDir()) /
             ("initials_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }
  std::string in(const std::string &name) const { return (folder / name).string(); }

  /// Two parameters of bytes, one of zeros, one bf16, one without any value.
  Program weights() {
    Program program;
    program.tensors = {tensorOf("conv.weight", ElementType::F32, {2, 1, 3, 4}),
                       tensorOf("momentum", ElementType::F32, {2, 1, 3, 4}),
                       tensorOf("fc.bias", ElementType::F32, {1, 1, 1, 5}),
                       tensorOf("half", ElementType::BF16, {1, 1, 2, 3}),
                       tensorOf("x", ElementType::F32, {1, 1, 1, 5})};
    program.tensors[2].hostShape = {5};
    program.dramBytes = 4096;
    std::mt19937 random(3);
    for (uint16_t t : {0, 1, 2, 3}) {
      Bytes bytes(elementBytes(program.tensors[t]));
      if (t != 1)
        for (uint8_t &byte : bytes)
          byte = uint8_t(random());
      program.initials.push_back({t, initialValue(program.tensors[t], bytes)});
    }
    validateProgram(program);
    return program;
  }

  /// The program with its weights in w.safetensors.
  std::string written() {
    Program program = weights();
    moveInitialsToFile(program, in("w.safetensors"), folder.string());
    writeProgramFile(in("p.arsis"), program);
    return in("p.arsis");
  }
  /// What asking for all values of p.arsis says.
  std::string readingSays() {
    return errorOf([&] {
      const Program program = readProgramFile(in("p.arsis"));
      InitialReader reader(program);
      for (const Initial &initial : program.initials)
        reader.elements(initial);
    });
  }

  fs::path folder;
};

TEST(Sha256, OfTheExamplesOfItsStandard) {
  EXPECT_EQ(toHex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(toHex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  pieces.add("a");
  pieces.add("bc");
  const Sha256Digest digest = pieces.finish();
  EXPECT_EQ(digest, sha256("abc"));
  EXPECT_EQ(sha256OfHex(toHex(digest)), digest);
  EXPECT_EQ(sha256OfHex(toHex(digest).substr(1)), std::nullopt);
  EXPECT_EQ(sha256OfHex("G" + toHex(digest).substr(1)), std::nullopt);
}

TEST(InitialValue, IsASplatExactlyIfAllElementsAreTheSame) {
  std::mt19937 random(1);
  for (ElementType type : {ElementType::F32, ElementType::BF16, ElementType::I32})
    for (int64_t count : {1, 2, 3, 8})
      for (int round = 0; round < 64; ++round) {
        const Tensor tensor = tensorOf("x", type, {1, 1, 1, count});
        const size_t size = size_t(numerics::sizeInBytes(type));
        Bytes bytes(elementBytes(tensor));
        for (uint8_t &byte : bytes)
          byte = uint8_t(random() % (round % 2 ? 2 : 1));
        bool same = true;
        for (size_t i = size; i < bytes.size(); ++i)
          same &= bytes[i] == bytes[i % size];
        const InitialValue value = initialValue(tensor, bytes);
        ASSERT_EQ(std::holds_alternative<Splat>(value), same);
        uint32_t first = 0;
        for (size_t i = 0; i < size; ++i)
          first |= uint32_t(bytes[i]) << 8 * i;
        if (same)
          EXPECT_EQ(std::get<Splat>(value).bits, first);
        else
          EXPECT_EQ(std::get<Bytes>(value), bytes);
      }
}

TEST(InitialValue, MinusZeroIsNoZero) {
  const Tensor tensor = tensorOf("x", ElementType::F32, {1, 1, 1, 2});
  EXPECT_TRUE(std::holds_alternative<Bytes>(initialValue(tensor, {0, 0, 0, 0, 0, 0, 0, 0x80})));
  EXPECT_TRUE(initialValue(tensor, {0, 0, 0, 0x80, 0, 0, 0, 0x80}) == InitialValue(Splat{0x80000000}));
}

TEST(InitialValue, ASplatTakesTheSameSpaceWhateverTheTensor) {
  auto sizeOf = [](std::array<int64_t, 4> shape) {
    Program program;
    program.tensors = {tensorOf("m", ElementType::F32, shape)};
    program.dramBytes = uint64_t(1) << 48;
    program.initials = {{0, Splat{}}};
    validateProgram(program);
    const Bytes file = encodeProgram(program);
    size_t bytes = 0;
    const std::vector<Section> sections = splitSections(file.data(), file.size());
    for (size_t i = 0; i < kSectionCount; ++i)
      if (kSectionTags[i] == std::string("init"))
        bytes = sections[i].size;
    return bytes;
  };
  // Their number; tensor, kind and bits, a byte each.
  EXPECT_EQ(sizeOf({1, 1, 1, 1}), 4u);
  EXPECT_EQ(sizeOf({1, 1, int64_t(1) << 20, int64_t(1) << 20}), 4u);
}

TEST_F(InFolder, AFileHoldsWhatTheProgramHeld) {
  const Program before = weights();
  const Program after = readProgramFile(written());
  ASSERT_EQ(after.files.size(), 1u);
  EXPECT_EQ(after.files[0].name, "w.safetensors");
  EXPECT_TRUE(std::holds_alternative<Splat>(after.initials[1].value));
  InitialReader inside(before), outside(after);
  for (size_t i = 0; i < before.initials.size(); ++i)
    EXPECT_EQ(elementsOf(outside, after, after.initials[i]), elementsOf(inside, before, before.initials[i]))
        << i;
  EXPECT_EQ(verdictHash(after), verdictHash(before));
}

// https://github.com/huggingface/safetensors#format
TEST_F(InFolder, TheFileIsOneOfSafetensors) {
  const Program before = weights();
  written();
  const std::string file = readFile(in("w.safetensors"));
  uint64_t size = 0;
  for (int i = 0; i < 8; ++i)
    size |= uint64_t(uint8_t(file[size_t(i)])) << 8 * i;
  ASSERT_LT(8 + size, file.size());
  EXPECT_EQ(file[8], '{');
  const boost::json::object header = boost::json::parse(file.substr(8, size)).as_object();
  EXPECT_EQ(header.size(), 1u + 3u);
  for (const auto &entry : header.at("__metadata__").as_object())
    EXPECT_TRUE(entry.value().is_string());
  InitialReader reader(before);
  uint64_t end = 0; // without holes, in order
  const std::pair<size_t, const char *> expected[] = {
      {0, R"({"dtype":"F32","shape":[2,1,3,4],"data_offsets":[0,96]})"},
      {2, R"({"dtype":"F32","shape":[5],"data_offsets":[96,116]})"},
      {3, R"({"dtype":"BF16","shape":[1,1,2,3],"data_offsets":[116,128]})"}};
  for (auto [i, text] : expected) {
    const Initial &initial = before.initials[i];
    const boost::json::value &entry = header.at(before.tensors[initial.tensor].name);
    EXPECT_EQ(boost::json::serialize(entry), text);
    const Bytes bytes = elementsOf(reader, before, initial);
    EXPECT_EQ(file.substr(8 + size + end, bytes.size()), std::string(bytes.begin(), bytes.end()));
    end += bytes.size();
  }
  EXPECT_EQ(8 + size + end, file.size());
}

TEST_F(InFolder, AnotherFileIsOneErrorWithBothHashes) {
  written();
  const std::string path = in("w.safetensors"), good = readFile(path);
  const std::string expected = ", expected " + std::to_string(good.size()) + " bytes with sha256 " +
                               toHex(sha256(good)) + ": the program's initial values";
  EXPECT_EQ(readingSays(), "no error");
  for (size_t at : {size_t(0), size_t(20), good.size() - 1}) {
    std::string bad = good;
    bad[at] ^= 1;
    writeFile(path, bad);
    EXPECT_EQ(readingSays(), path + ": found " + std::to_string(bad.size()) + " bytes with sha256 " +
                                 toHex(sha256(bad)) + expected);
  }
  const std::string part = good.substr(0, good.size() - 1);
  writeFile(path, part);
  EXPECT_EQ(readingSays(), path + ": found " + std::to_string(part.size()) + " bytes with sha256 " +
                               toHex(sha256(part)) + expected);
  writeFile(path, good + "x");
  EXPECT_EQ(readingSays(), path + ": found " + std::to_string(good.size() + 1) + " bytes" + expected);
  fs::remove(path);
  EXPECT_EQ(readingSays(), path + ": cannot read the file: No such file or directory" + expected);
  fs::create_directory(path);
  EXPECT_EQ(readingSays(), path + ": found no regular file" + expected);
  fs::remove(path);
  fs::create_symlink("/dev/zero", path);
  EXPECT_EQ(readingSays(), path + ": found no regular file" + expected);
}

TEST_F(InFolder, ProgramAndFileMoveTogether) {
  written();
  fs::create_directories(folder / "there");
  fs::rename(in("p.arsis"), in("there/p.arsis"));
  fs::rename(in("w.safetensors"), in("there/w.safetensors"));
  const Program program = readProgramFile(in("there/p.arsis"));
  InitialReader reader(program);
  EXPECT_NO_THROW(reader.elements(program.initials[0]));
}

TEST_F(InFolder, AProgramWrittenElsewhereNamesTheSameFile) {
  Program program = readProgramFile(written());
  for (const char *where : {"a", "a/b"}) {
    fs::create_directories(folder / where);
    const std::string path = in(std::string(where) + "/q.arsis");
    writeProgramFile(path, program);
    program = readProgramFile(path);
    InitialReader reader(program);
    EXPECT_NO_THROW(reader.elements(program.initials[0])) << where;
  }
  EXPECT_EQ(program.files[0].name, "../../w.safetensors");
  nameFilesFrom(program, folder.string());
  EXPECT_EQ(program.files[0].name, "w.safetensors");
}

TEST_F(InFolder, ValuesMoveFromFileToFile) {
  Program program = readProgramFile(written());
  const Program before = weights();
  moveInitialsToFile(program, in("w.safetensors"), folder.string()); // the one that it reads from
  moveInitialsToFile(program, in("v.safetensors"), folder.string());
  fs::remove(in("w.safetensors"));
  validateProgram(program);
  ASSERT_EQ(program.files.size(), 1u);
  EXPECT_EQ(program.files[0].name, "v.safetensors");
  InitialReader inside(before), outside(program);
  for (size_t i = 0; i < before.initials.size(); ++i)
    EXPECT_EQ(elementsOf(outside, program, program.initials[i]),
              elementsOf(inside, before, before.initials[i]));
}

TEST_F(InFolder, WhatCannotBeMovedIsOneErrorAndChangesNothing) {
  Program program = weights();
  const Program before = program;
  const std::string folderText = folder.string(), path = in("w.safetensors");
  auto move = [&](const std::string &to) {
    return errorOf([&] { moveInitialsToFile(program, to, folderText); });
  };
  EXPECT_EQ(move("-"), "found '-' for the file of initial values, expected the name of a file");
  EXPECT_EQ(move(in("no/w")), in("no/w") + ": cannot write the file: No such file or directory");
  EXPECT_TRUE(program == before);
  program.tensors[0].name = "\xff";
  EXPECT_EQ(move(path), "a name of a tensor is not UTF-8, which a safetensors file expects");
  program.tensors[0].name = "__metadata__";
  EXPECT_EQ(move(path), "tensor '__metadata__': a safetensors file gives this name another meaning");
  program.initials = {{1, Splat{}}};
  EXPECT_EQ(move(path),
            "the program has no initial values but splats, expected some for a file of their own");
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(InFolder, OnlyTheOneFormIsValid) {
  const Program good = readProgramFile(written());
  auto errorAfter = [&](const std::function<void(Program &)> &change) {
    Program program = good;
    change(program);
    return errorOf([&] { validateProgram(program); });
  };
  const std::string value = "initial value of tensor 'conv.weight' ";
  const uint64_t bytes = good.files[0].bytes;
  auto at = [](uint16_t file, uint64_t offset) {
    return [=](Program &p) { p.initials[0].value = FileRange{file, offset}; };
  };
  EXPECT_EQ(errorAfter([](Program &p) { p.initials[0].value = Bytes(96); }),
            value + "repeats one element, expected a splat");
  EXPECT_EQ(errorAfter([](Program &p) { p.initials[3].value = Splat{0x10000}; }),
            "initial value of tensor 'half' has more bits than an element");
  EXPECT_EQ(errorAfter([](Program &p) { p.initials[3].value = Splat{0xffff}; }), "no error");
  EXPECT_EQ(errorAfter(at(1, 0)), value + "is in file 1, but the program has 1");
  EXPECT_EQ(errorAfter(at(0, bytes - 96)), "no error");
  const std::string beyond =
      value + "reaches beyond the " + std::to_string(bytes) + " bytes of file 'w.safetensors'";
  EXPECT_EQ(errorAfter(at(0, bytes - 95)), beyond);
  EXPECT_EQ(errorAfter(at(0, UINT64_MAX)), beyond);
  for (const char *name : {"", "/w"})
    EXPECT_EQ(errorAfter([&](Program &p) { p.files[0].name = name; }),
              "file '" + std::string(name) +
                  "' of initial values: expected the way to it from the program's folder");
  EXPECT_EQ(errorAfter([](Program &p) { p.files.push_back(p.files[0]); }),
            "file 'w.safetensors' of initial values is listed twice");
  auto another = [](Program &p) {
    p.files.push_back(p.files[0]);
    p.files[1].name = "v";
  };
  EXPECT_EQ(errorAfter(another), "file 'v' of initial values is named by none");
  EXPECT_EQ(errorAfter([&](Program &p) { another(p), at(1, 0)(p); }),
            "file 'w.safetensors' of initial values is listed before one that is named earlier");
}

} // namespace
