// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See InputFile.h.
#include "dialects/Isa/Encoding/InputFile.h"

#include "dialects/Isa/Encoding/ErrorKind.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <sys/stat.h>

namespace arsis {

std::string readFile(const std::string &path, uint64_t most) {
  const auto fail = [&] { return FileError(path + ": cannot read the file: " + std::strerror(errno)); };
  const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!file)
    throw fail();
  std::string bytes;
  if (struct stat found; ::fstat(fileno(file.get()), &found) == 0 && S_ISREG(found.st_mode))
    bytes.reserve(static_cast<size_t>(std::min<uint64_t>(uint64_t(found.st_size), most)));
  char part[1 << 16];
  while (const size_t read = std::fread(part, 1, sizeof part, file.get())) {
    if (read > most - bytes.size())
      throw FileError(path + ": cannot read the file: it has more than the " + std::to_string(most) +
                      " bytes expected");
    bytes.append(part, read);
  }
  if (std::ferror(file.get()))
    throw fail();
  return bytes;
}

} // namespace arsis
