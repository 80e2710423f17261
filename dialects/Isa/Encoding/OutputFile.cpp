// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See OutputFile.h. Where the file system has files without a name (O_TMPFILE), a file has a hidden one only
// between its last byte and the rename; elsewhere from its first byte on. A kill then leaves that hidden
// file.
#include "dialects/Isa/Encoding/OutputFile.h"

#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <streambuf>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace arsis {
namespace {

[[noreturn]] void fail(const std::string &path, int reason) {
  throw Error((path == "-" ? "standard output" : path) + ": cannot write the file: " + std::strerror(reason));
}

/// A stream buffer over a file descriptor that keeps the first error.
class Sink : public std::streambuf {
public:
  Sink() { setp(buffer, buffer + sizeof buffer); }
  ~Sink() override {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  int sync() override {
    put(pbase(), static_cast<size_t>(pptr() - pbase()));
    setp(buffer, buffer + sizeof buffer);
    return error ? -1 : 0;
  }

  int descriptor = -1;
  int error = 0;

protected:
  int_type overflow(int_type c) override {
    if (sync() != 0)
      return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof()))
      sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }

private:
  void put(const char *bytes, size_t size) {
    while (size != 0 && error == 0) {
      const ssize_t written = ::write(descriptor, bytes, size);
      if (written < 0 && errno != EINTR)
        error = errno;
      else if (written > 0)
        bytes += written, size -= static_cast<size_t>(written);
    }
  }

  char buffer[1 << 16];
};

bool sameFile(const struct stat &a, const struct stat &b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// The descriptor, among standard output and standard error, that goes to this file; -1 if none does.
int standardStreamOf(const struct stat &file) {
  for (int descriptor : {STDOUT_FILENO, STDERR_FILENO})
    if (struct stat other; ::fstat(descriptor, &other) == 0 && sameFile(file, other))
      return descriptor;
  return -1;
}

/// A name in `folder` that no other process and no other file of this one has taken.
std::string temporaryName(const fs::path &folder) {
  static std::atomic<unsigned> number{0};
  return folder / (".arsis-" + std::to_string(::getpid()) + "-" + std::to_string(number++) + ".partial");
}

/// What the name stands for, links followed, whether or not the last one leads anywhere.
fs::path withoutLinks(fs::path path) {
  std::error_code ignored;
  constexpr int kMostLinks = 40; // as the system
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, ignored); ++i)
    path = path.parent_path() / fs::read_symlink(path, ignored);
  return path;
}

} // namespace

struct OutputFile::State {
  explicit State(const std::string &path) : name(path), stream(&sink) {}
  ~State() {
    if (!temporary.empty())
      ::unlink(temporary.c_str());
  }

  void open() {
    struct stat former;
    const bool exists = name != "-" && ::stat(name.c_str(), &former) == 0;
    if (!exists && name != "-" && errno != ENOENT)
      fail(name, errno);
    const int standard = name == "-" ? STDOUT_FILENO : exists ? standardStreamOf(former) : -1;
    if (standard >= 0) {
      std::cout.flush();
      sink.descriptor = ::dup(standard);
    } else if (exists && !S_ISREG(former.st_mode)) {
      sink.descriptor = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
    } else {
      openBeside(exists ? &former : nullptr);
    }
    if (sink.descriptor < 0)
      fail(name, errno);
  }

  void openBeside(const struct stat *former) {
    target = withoutLinks(name);
    if (target.filename().empty())
      fail(name, name.empty() ? ENOENT : EISDIR);
    if (former && ::access(target.c_str(), W_OK) != 0) // replacing would not ask
      fail(name, errno);
    folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    sink.descriptor = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    while (sink.descriptor < 0) { // no files without a name here
      temporary = temporaryName(folder);
      sink.descriptor = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
      if (sink.descriptor >= 0 || errno != EEXIST)
        break;
    }
    if (sink.descriptor < 0)
      temporary.clear();
    if (former && sink.descriptor >= 0) {
      // Whoever may not give the file to its former owner keeps it.
      if (former->st_uid != ::geteuid() && ::fchown(sink.descriptor, former->st_uid, former->st_gid) != 0)
        errno = 0;
      ::fchmod(sink.descriptor, former->st_mode & 07777);
    }
  }

  /// Gives a file without a name a hidden one, from which it can be renamed.
  void link() {
    const std::string self = "/proc/self/fd/" + std::to_string(sink.descriptor);
    int reason = EEXIST;
    while (reason == EEXIST) {
      temporary = temporaryName(folder);
      const bool linked =
          ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) == 0;
      reason = linked ? 0 : errno;
    }
    if (reason == 0)
      return;
    temporary.clear();
    fail(name, reason);
  }

  std::string name;
  fs::path target, folder; // empty if written in place
  std::string temporary;   // hidden name that the file has now; empty: none
  Sink sink;
  std::ostream stream;
};

OutputFile::OutputFile(const std::string &path) : state(new State(path)) { state->open(); }
OutputFile::~OutputFile() = default;

std::ostream &OutputFile::stream() { return state->stream; }

void OutputFile::commit() {
  State &s = *state;
  s.sink.pubsync();
  if (s.sink.error)
    fail(s.name, s.sink.error);
  if (s.target.empty()) {
    if (::close(std::exchange(s.sink.descriptor, -1)) != 0)
      fail(s.name, errno);
    return;
  }
  if (::fsync(s.sink.descriptor) != 0)
    fail(s.name, errno);
  if (s.temporary.empty())
    s.link();
  if (::rename(s.temporary.c_str(), s.target.c_str()) != 0)
    fail(s.name, errno);
  s.temporary.clear();
}

void writeFile(const std::string &path, std::string_view bytes) {
  OutputFile file(path);
  file.stream().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.commit();
}

/// What two names of one file have in common; empty for what may be named twice.
static std::string identity(const std::string &path) {
  struct stat found;
  if (path.empty() || path == "-")
    return "";
  if (::stat(path.c_str(), &found) == 0)
    return S_ISREG(found.st_mode) ? std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino) : "";
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(withoutLinks(fs::absolute(path, error)), error);
  return error ? path : canonical.string();
}

void refuseSharedFiles(const std::vector<NamedFile> &inputs, const std::vector<NamedFile> &outputs) {
  std::vector<NamedFile> earlier = inputs;
  for (const NamedFile &output : outputs) {
    const std::string file = identity(output.path);
    if (file.empty())
      continue;
    for (const NamedFile &other : earlier)
      if (identity(other.path) == file)
        throw Error(output.option + ": found '" + output.path + "', expected another file than that of " +
                    other.option);
    earlier.push_back(output);
  }
}

void flushStandardOutput() {
  std::cout.flush();
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) || !std::cout)
    throw Error(std::string("standard output: cannot write the file") +
                (errno ? std::string(": ") + std::strerror(errno) : ""));
}

} // namespace arsis
