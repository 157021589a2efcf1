#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

size_t CountFiles(const TemporaryFolder& folder) {
  using Iterator = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(Iterator(folder.path()), Iterator()));
}

TEST(AtomicFile, WritesAndReplacesWholeContent) {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.txt");
  WriteFileAtomically(path, "first, longer");
  WriteFileAtomically(path, std::string("\0second", 7));
  EXPECT_EQ(ReadFile(path), std::string("\0second", 7));
  EXPECT_EQ(CountFiles(folder), 1u);
}

TEST(AtomicFile, HonoursTheUmaskOfTheUser) {
  const TemporaryFolder folder;
  const mode_t old = ::umask(0027);
  WriteFileAtomically(folder.File("a"), "x");
  ::umask(old);
  struct stat status {};
  ASSERT_EQ(::stat(folder.File("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(AtomicFile, PiecesOfAnySizeComeOutInOrder) {
  const TemporaryFolder folder;
  const std::string large((size_t{3} << 20) + 1, 'x');
  WriteFileAtomically(folder.File("a"), [&](const AppendBytes& append) {
    append("head", 4);
    append(large.data(), large.size());
    for (int i = 0; i < 3000; ++i) append(large.data(), 500);
    append("tail", 4);
  });
  const std::string content = ReadFile(folder.File("a"));
  EXPECT_EQ(content.size(), 8 + large.size() + 1'500'000);
  EXPECT_EQ(content.substr(0, 5), "headx");
  EXPECT_EQ(content.substr(content.size() - 5), "xtail");
}

TEST(AtomicFile, AFailureKeepsTheOldFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("a.txt", "old");
  const auto fail = [](const AppendBytes& append) {
    append("new", 3);
    throw FailedError("no more");
  };
  EXPECT_THROW(WriteFileAtomically(path, fail), Error);
  EXPECT_EQ(ReadFile(path), "old");
  EXPECT_EQ(CountFiles(folder), 1u);
}

TEST(AtomicFile, ByNameKeepsTheExtensionAndLeavesNothingOnFailure) {
  const TemporaryFolder folder;
  const std::string path = folder.File("curves.png");
  WriteFileAtomicallyByName(path, [&](const std::string& temporary) {
    EXPECT_EQ(std::filesystem::path(temporary).extension(), ".png");
    EXPECT_EQ(std::filesystem::path(temporary).parent_path(), folder.path());
    std::ofstream(temporary) << "image";
  });
  EXPECT_EQ(ReadFile(path), "image");
  EXPECT_THROW(WriteFileAtomicallyByName(path,
                                         [](const std::string& temporary) {
                                           std::ofstream(temporary) << "half";
                                           throw FailedError("encoder");
                                         }),
               Error);
  EXPECT_EQ(ReadFile(path), "image");
  EXPECT_EQ(CountFiles(folder), 1u);
  EXPECT_THROW(WriteFileAtomicallyByName(folder.File("b.png"), [](const std::string&) {}), Error);
}

TEST(AtomicFile, AMissingFolderIsNamedWithTheReason) {
  const TemporaryFolder folder;
  try {
    WriteFileAtomically(folder.File("none/a.txt"), "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    EXPECT_EQ(error.where(), folder.File("none/a.txt"));
    EXPECT_NE(std::string(error.what()).find("No such file or directory"), std::string::npos);
  }
}

TEST(AtomicFile, AFullDiskIsAFailure) {
  struct stat status {};
  if (::stat("/dev/full", &status) != 0) GTEST_SKIP() << "no /dev/full here";
  const TemporaryFolder folder;
  EXPECT_THROW(WriteFileAtomicallyByName(folder.File("a"),
                                         [](const std::string&) {
                                           std::ofstream full("/dev/full");
                                           full << "x" << std::flush;
                                           if (!full) throw FailedError("disk full");
                                         }),
               Error);
  EXPECT_EQ(CountFiles(folder), 0u);
}

TEST(AtomicFile, AFolderInPlaceOfTheFileIsAFailure) {
  const TemporaryFolder folder;
  CreateFolder(folder.File("a"));
  EXPECT_THROW(WriteFileAtomically(folder.File("a"), "x"), Error);
  EXPECT_EQ(CountFiles(folder), 1u);
  EXPECT_THROW(ReadFile(folder.File("a")), Error);
}

TEST(AtomicFile, ANameWithoutFolderMeansTheWorkingDirectory) {
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  WriteFileAtomically("plain.txt", "here");
  std::filesystem::current_path(before);
  EXPECT_EQ(ReadFile(folder.File("plain.txt")), "here");
}

TEST(AtomicFile, WhatAKilledWriterLeftIsRemovedAndNothingElse) {
  const TemporaryFolder folder;
  std::string temporary;
  WriteFileAtomicallyByName(folder.File("curves.png"), [&](const std::string& name) {
    temporary = name;
    std::ofstream(name) << "image";
  });
  std::ofstream(temporary) << "half";
  folder.Write(".hidden", "mine");
  folder.Write("a.partial-b", "mine too");
  EXPECT_EQ(CountFiles(folder), 4u);
  RemovePartialFiles(folder.path());
  EXPECT_EQ(CountFiles(folder), 3u);
  EXPECT_FALSE(std::filesystem::exists(temporary));
  RemovePartialFiles(folder.File("none"));
}

TEST(ReadFile, StopsAtTheLimitEvenWhereTheSizeIsUnknown) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("a", "12345");
  EXPECT_EQ(ReadFile(path, 5), "12345");
  EXPECT_THROW(ReadFile(path, 4), Error);
  EXPECT_THROW(ReadFile("/dev/zero", 10000), Error);
  EXPECT_EQ(ReadFile("/dev/null"), "");
}

TEST(ReadFile, AMissingFileIsNamed) {
  try {
    ReadFile("/nonexistent/file");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.where(), "/nonexistent/file");
  }
}

TEST(CreateFolder, MakesParentsAndAcceptsAnExistingOne) {
  const TemporaryFolder folder;
  CreateFolder(folder.File("a/b/c"));
  CreateFolder(folder.File("a/b/c"));
  EXPECT_TRUE(std::filesystem::is_directory(folder.File("a/b/c")));
}

TEST(CreateFolder, AFileInTheWayIsAFailure) {
  const TemporaryFolder folder;
  const std::string file = folder.Write("a", "x");
  EXPECT_THROW(CreateFolder(file), Error);
  EXPECT_THROW(CreateFolder(file + "/b"), Error);
}

}  // namespace
}  // namespace deepmad::base
