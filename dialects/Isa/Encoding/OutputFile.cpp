// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See OutputFile.h. A file has a hidden name beside its own until the rename. Its writer holds a lock on it,
// so what a killed writer left is known by its lock being free, and the next writer of that file removes it.
#include "dialects/Isa/Encoding/OutputFile.h"

#include "dialects/Isa/Encoding/ErrorKind.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <streambuf>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace arsis {
namespace {

[[noreturn]] void fail(const std::string &path, int reason) {
  throw FileError((path == "-" ? "standard output" : path) +
                  ": cannot write the file: " + std::strerror(reason));
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

/// The hidden name beside `target`; number 0 unless another process writes the same file now.
fs::path hiddenName(const fs::path &target, unsigned number) {
  constexpr size_t kMostKept = 200; // of the 255 bytes that a name may have
  const std::string kept = target.filename().string().substr(0, kMostKept);
  return target.parent_path() / ("." + kept + "." + std::to_string(number) + ".partial");
}

/// Whether the name still leads to the open file, and that is an ordinary one of this user's.
bool isOwn(int descriptor, const fs::path &path) {
  struct stat open, named;
  return ::fstat(descriptor, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && sameFile(open, named) &&
         S_ISREG(open.st_mode) && open.st_uid == ::geteuid() && open.st_nlink == 1;
}

/// Locks the open file; where the file system has no locks, only what was created here is ours.
bool isTaken(int descriptor, const fs::path &path, bool created) {
  const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  return !(locked || (created && errno != EWOULDBLOCK)) || !isOwn(descriptor, path);
}

/// Creates the file, locked. -1 with errno: EEXIST if another process writes it or it is not this user's.
int createHidden(const fs::path &path) {
  constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  if (const int left = ::open(path.c_str(), kFlags); left >= 0) {
    if (!isTaken(left, path, false))
      ::unlink(path.c_str());
    ::close(left);
  }
  const int descriptor = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0666);
  if (descriptor < 0 || !isTaken(descriptor, path, true))
    return descriptor;
  ::close(descriptor);
  errno = EEXIST;
  return -1;
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
    constexpr unsigned kMostWriters = 1000;
    for (unsigned number = 0; number < kMostWriters && sink.descriptor < 0; ++number) {
      const fs::path hidden = hiddenName(target, number);
      sink.descriptor = createHidden(hidden);
      if (sink.descriptor >= 0)
        temporary = hidden;
      else if (errno != EEXIST)
        return;
    }
    if (former && sink.descriptor >= 0) {
      // Whoever may not give the file to its former owner keeps it.
      if (former->st_uid != ::geteuid() && ::fchown(sink.descriptor, former->st_uid, former->st_gid) != 0)
        errno = 0;
      ::fchmod(sink.descriptor, former->st_mode & 07777);
    }
  }

  std::string name;
  fs::path target;       // empty if written in place
  std::string temporary; // hidden name that the file has now; empty: none
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
        throw InputError(output.option + ": found '" + output.path +
                         "', expected another file than that of " + other.option);
    earlier.push_back(output);
  }
}

void flushStandardOutput() {
  std::cout.flush();
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) || !std::cout)
    throw FileError(std::string("standard output: cannot write the file") +
                    (errno ? std::string(": ") + std::strerror(errno) : ""));
}

} // namespace arsis
