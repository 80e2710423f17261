// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Initial values: their one form, and where their elements are kept. A program names the files that hold
// weights by the way from its own folder, with size and SHA-256, so that program and weights move together
// and no other file passes for them. The files that we write are safetensors; reading needs only the bytes.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

namespace arsis::isa {

/// Bytes of a tensor's elements without gaps, at most kSaturated.
uint64_t elementBytes(const Tensor &tensor);

/// The value with these elements, row-major in chip layout: a splat if all have the same bits. Elements of
/// another size than the tensor's stay as they are, for validateProgram to refuse.
InitialValue initialValue(const Tensor &tensor, std::vector<uint8_t> elements);

/// The elements of initial values, wherever they are kept. A file is read and checked when the first value in
/// it is asked for, and kept until the end of the reader.
class InitialReader {
public:
  /// REQUIRES: validateProgram passed. The program has to outlive the reader.
  explicit InitialReader(const Program &theProgram) : program(theProgram), read(theProgram.files.size()) {}

  /// All elements, or the one that is repeated.
  struct Elements {
    const uint8_t *data;
    bool repeated;
  };
  /// Throws Error that names the file, what was found and what is expected, if a file is missing, of another
  /// size, or has another hash.
  Elements elements(const Initial &initial);

private:
  const Program &program;
  std::vector<std::optional<std::string>> read; // per file
};

/// Writes all initial values but splats to a safetensors file, in chip layout and under the names of their
/// tensors, and makes the program, which is going to lie in `folder`, name that file. Throws Error if there
/// are none, a name is not UTF-8, or the file cannot be written; the program has not changed then.
void moveInitialsToFile(Program &program, const std::string &path, const std::string &folder);

/// The folder of a file, as Program::folder has it.
std::string folderOf(const std::string &path);

/// Names the same files from another folder, which becomes the program's.
void nameFilesFrom(Program &program, const std::string &folder);

/// The part of validateProgram that is about files and initial values.
void validateInitials(const Program &program);

} // namespace arsis::isa
