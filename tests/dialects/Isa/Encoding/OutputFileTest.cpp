// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files are complete under their name or not there at all; links, modes and special files are kept.
#include "dialects/Isa/Encoding/OutputFile.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/InputFile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace arsis {
namespace {

class OutputFileTest : public testing::Test {
protected:
  OutputFileTest() {
    std::string pattern = testing::TempDir() + "output_file_XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  ~OutputFileTest() override { fs::remove_all(folder); }

  std::string path(const std::string &name) const { return folder / name; }
  /// Names in the folder, hidden ones too.
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto &entry : fs::directory_iterator(folder))
      found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }
  static std::string errorOf(const std::function<void()> &action) {
    try {
      action();
    } catch (const Error &error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder;
};

using Names = std::vector<std::string>;

TEST_F(OutputFileTest, HasNoNameBeforeItIsComplete) {
  OutputFile file(path("a"));
  file.stream() << std::string(1 << 20, 'x') << std::flush;
  EXPECT_FALSE(fs::exists(path("a")));
  file.commit();
  EXPECT_EQ(readFile(path("a")), std::string(1 << 20, 'x'));
  EXPECT_EQ(names(), Names{"a"});
}

TEST_F(OutputFileTest, LeavesTheFormerFileUnlessCommitted) {
  writeFile(path("a"), "former");
  {
    OutputFile file(path("a"));
    file.stream() << "later" << std::flush;
    EXPECT_EQ(readFile(path("a")), "former");
  }
  EXPECT_EQ(readFile(path("a")), "former");
  EXPECT_EQ(names(), Names{"a"});
  writeFile(path("a"), "later");
  EXPECT_EQ(readFile(path("a")), "later");
}

TEST_F(OutputFileTest, WhatAKilledWriterLeftGoesWithTheNextOne) {
  if (const pid_t writer = ::fork(); writer == 0) {
    OutputFile file(path("a"));
    file.stream() << "half" << std::flush;
    ::kill(::getpid(), SIGKILL);
  } else {
    ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
  }
  EXPECT_EQ(names(), Names{".a.0.partial"});
  ASSERT_EQ(::chmod(path(".a.0.partial").c_str(), 0600), 0);
  writeFile(path("a"), "whole");
  EXPECT_EQ(names(), Names{"a"});
  EXPECT_EQ(readFile(path("a")), "whole");
  struct stat found;
  ASSERT_EQ(::stat(path("a").c_str(), &found), 0);
  EXPECT_NE(found.st_mode & 07777, 0600u);
}

TEST_F(OutputFileTest, TwoWritersOfOneFileDoNotMeet) {
  OutputFile first(path("a"));
  first.stream() << "first" << std::flush;
  {
    OutputFile second(path("a"));
    second.stream() << "second" << std::flush;
    EXPECT_EQ(names(), (Names{".a.0.partial", ".a.1.partial"}));
    second.commit();
  }
  EXPECT_EQ(readFile(path("a")), "second");
  first.commit();
  EXPECT_EQ(readFile(path("a")), "first");
  EXPECT_EQ(names(), Names{"a"});
}

TEST_F(OutputFileTest, WhatOthersPutAtTheHiddenNameIsLeftAlone) {
  writeFile(path("precious"), "precious");
  fs::create_symlink("precious", path(".a.0.partial"));
  ASSERT_EQ(::mkfifo(path(".a.1.partial").c_str(), 0600), 0);
  fs::create_hard_link(path("precious"), path(".a.2.partial"));
  fs::create_directory(path(".a.3.partial"));
  writeFile(path("a"), "new");
  EXPECT_EQ(names(),
            (Names{".a.0.partial", ".a.1.partial", ".a.2.partial", ".a.3.partial", "a", "precious"}));
  EXPECT_EQ(readFile(path("a")), "new");
  EXPECT_EQ(readFile(path("precious")), "precious");
}

TEST_F(OutputFileTest, TheLongestNameThatTheSystemHas) {
  const std::string longest(255, 'x');
  writeFile(path(longest), "x");
  EXPECT_EQ(names(), Names{longest});
}

TEST_F(OutputFileTest, AFullDiskLeavesTheFormerFile) {
  writeFile(path("a"), "former");
  struct rlimit former, small;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &former), 0);
  small = former;
  small.rlim_cur = 20000;
  std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string error = errorOf([&] { writeFile(path("a"), std::string(1 << 20, 'x')); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &former), 0);
  EXPECT_EQ(error, path("a") + ": cannot write the file: File too large");
  EXPECT_EQ(readFile(path("a")), "former");
  EXPECT_EQ(names(), Names{"a"});
}

TEST_F(OutputFileTest, KeepsTheModeAndFollowsLinks) {
  writeFile(path("a"), "former");
  ASSERT_EQ(::chmod(path("a").c_str(), 0640), 0);
  fs::create_symlink("a", path("link"));
  fs::create_symlink("nowhere", path("dangling"));
  writeFile(path("link"), "through the link");
  writeFile(path("dangling"), "new");
  struct stat found;
  ASSERT_EQ(::stat(path("a").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0640u);
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(readFile(path("a")), "through the link");
  EXPECT_TRUE(fs::is_symlink(path("dangling")));
  EXPECT_EQ(readFile(path("nowhere")), "new");
}

TEST_F(OutputFileTest, ANewFileHasTheUsualMode) {
  const mode_t mask = ::umask(022);
  writeFile(path("a"), "");
  ::umask(mask);
  struct stat found;
  ASSERT_EQ(::stat(path("a").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0644u);
}

TEST_F(OutputFileTest, DevicesAndPipesAreWrittenInPlace) {
  writeFile("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  writeFile("/dev/fd/" + std::to_string(ends[1]), "through the pipe");
  ::close(ends[1]);
  EXPECT_EQ(readFile("/dev/fd/" + std::to_string(ends[0])), "through the pipe");
  ::close(ends[0]);
  EXPECT_EQ(errorOf([] { writeFile("/dev/full", "x"); }),
            "/dev/full: cannot write the file: No space left on device");
}

TEST_F(OutputFileTest, NamesThatCannotBeWritten) {
  const std::string longName = path(std::string(5000, 'x'));
  EXPECT_EQ(errorOf([&] { writeFile(folder, "x"); }),
            folder.string() + ": cannot write the file: Is a directory");
  EXPECT_EQ(errorOf([&] { writeFile(path("no/a"), "x"); }),
            path("no/a") + ": cannot write the file: No such file or directory");
  EXPECT_EQ(errorOf([&] { writeFile("", "x"); }), ": cannot write the file: No such file or directory");
  EXPECT_EQ(errorOf([&] { writeFile(longName, "x"); }),
            longName + ": cannot write the file: File name too long");
  EXPECT_EQ(names(), Names{});
}

TEST_F(OutputFileTest, SharedFilesAreRefused) {
  writeFile(path("in"), "x");
  fs::create_symlink("in", path("alias"));
  fs::create_hard_link(path("in"), path("hard"));
  const auto refused = [&](const std::string &one, const std::string &other) {
    return errorOf([&] {
      refuseSharedFiles({{"the input", path("in")}}, {{"--one", one}, {"--other", other}});
    });
  };
  EXPECT_EQ(refused(path("a"), path("b")), "no error");
  EXPECT_EQ(refused("", ""), "no error");
  EXPECT_EQ(refused("-", "-"), "no error");
  EXPECT_EQ(refused("/dev/null", "/dev/null"), "no error");
  EXPECT_EQ(refused(path("a"), path("./a")),
            "--other: found '" + path("./a") + "', expected another file than that of --one");
  for (const char *name : {"in", "./in", "alias", "hard"})
    EXPECT_EQ(refused(path(name), ""),
              "--one: found '" + path(name) + "', expected another file than that of the input");
}

TEST_F(OutputFileTest, ReadingAFolderIsAnError) {
  EXPECT_EQ(errorOf([&] { readFile(folder); }), folder.string() + ": cannot read the file: Is a directory");
}

} // namespace
} // namespace arsis
