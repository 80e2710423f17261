// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way a file is written: complete under its name, or not at all. What is written goes to a hidden
// file beside it (.NAME.0.partial), which takes the place of the former file only when all of it is on the
// disk. So a full disk, an error half-way and a kill at any moment leave the former file as it was. A kill
// leaves the hidden file too, until the same file is written again.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace arsis {

class OutputFile {
public:
  /// "-" is standard output. What is no regular file (a device, a pipe) and what standard output goes to is
  /// written in place. A link is followed; the mode of a former file is kept. Throws Error if the file cannot
  /// be created; nothing has changed then.
  explicit OutputFile(const std::string &path);
  /// Discards what was written, unless committed.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  /// Mistakes are kept until commit().
  std::ostream &stream();
  /// Gives the file its name. Throws Error with the system's reason if not all of it could be written; the
  /// former file is there still. REQUIRES: not committed yet.
  void commit();

private:
  struct State;
  std::unique_ptr<State> state;
};

/// Writes a whole file that way.
void writeFile(const std::string &path, std::string_view bytes);

/// A file that a person named; `option` is how messages call it: "--report".
struct NamedFile {
  std::string option, path;
};

/// Throws Error if an output is one of the inputs, or another output, under whatever name. Empty paths, "-"
/// and what is no regular file are left out.
void refuseSharedFiles(const std::vector<NamedFile> &inputs, const std::vector<NamedFile> &outputs);

/// Throws Error if something written to standard output was lost.
void flushStandardOutput();

} // namespace arsis
