#include <gtest/gtest.h>

#include <cstdlib>

#include "base/config/config.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

std::string LoadMessage(const std::string& path) {
  try {
    Config::FromFile(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(ConfigInclude, OwnKeysWinDeeply) {
  const TemporaryFolder folder;
  folder.Write("base.yaml", "train: {epochs: 1, optimizer: {name: sgd, momentum: 0.9}}\nlist: [1, 2]\n");
  const Config c = Config::FromFile(folder.Write("run.yaml", "train: {optimizer: {name: adamw}}\nlist: [3]\ninclude: base.yaml\n"));
  EXPECT_EQ(c.Section("train").GetInt("epochs", 0, 9), 1);
  EXPECT_EQ(c.Section("train").Section("optimizer").GetString("name"), "adamw");
  EXPECT_EQ(c.Section("train").Section("optimizer").GetDouble("momentum", 0, 1), 0.9);
  EXPECT_EQ(c.GetInts("list", {}, 0, 9), (std::vector<int64_t>{3}));
  EXPECT_FALSE(c.Has("include"));
  EXPECT_EQ(c.Section("train").Section("optimizer").Where("momentum"), folder.File("base.yaml:1"));
  c.CheckAllRead();
}

TEST(ConfigInclude, LaterFilesOfAListWin) {
  const TemporaryFolder folder;
  folder.Write("a.yaml", "x: 1\ny: 1\n");
  folder.Write("b.yaml", "y: 2\n");
  const Config c = Config::FromFile(folder.Write("run.yaml", "include: [a.yaml, b.yaml]\nz: 3\n"));
  EXPECT_EQ(c.GetInt("x", 0, 9) * 100 + c.GetInt("y", 0, 9) * 10 + c.GetInt("z", 0, 9), 123);
}

TEST(ConfigInclude, WorksInASectionAndRelativeToTheIncludingFile) {
  const TemporaryFolder folder;
  folder.Write("parts/data.yaml", "include: more.yaml\nname: cifar\n");
  folder.Write("parts/more.yaml", "workers: 4\nroot: files\n");
  folder.Write("parts/files/x", "");
  const Config c = Config::FromFile(folder.Write("run.yaml", "data:\n  include: parts/data.yaml\n  name: mine\n"));
  const Config data = c.Section("data");
  EXPECT_EQ(data.GetString("name"), "mine");
  EXPECT_EQ(data.GetInt("workers", 0, 9), 4);
  EXPECT_EQ(data.Path("workers"), "data.workers");
  EXPECT_EQ(data.GetPath("root"), folder.File("parts/files"));
}

TEST(ConfigInclude, FallsBackToTheFolderOfConfigurations) {
  const TemporaryFolder configs, elsewhere;
  configs.Write("train/recipe.yaml", "epochs: 5\n");
  const char* old = std::getenv("DEEPMAD_CONFIGS");
  const std::string before = old != nullptr ? old : "";
  ::setenv("DEEPMAD_CONFIGS", configs.path().c_str(), 1);
  const Config c = Config::FromFile(elsewhere.Write("run.yaml", "include: train/recipe.yaml\n"));
  ::setenv("DEEPMAD_CONFIGS", before.c_str(), 1);
  EXPECT_EQ(c.GetInt("epochs", 0, 9), 5);
}

TEST(ConfigInclude, AnOverrideMayIncludeToo) {
  const TemporaryFolder folder;
  const std::string part = folder.Write("part.yaml", "epochs: 5\n");
  Config c = Config::FromText("train: null\n");
  c.Override("train={include: " + part + "}");
  EXPECT_EQ(c.Section("train").GetInt("epochs", 0, 9), 5);
}

TEST(ConfigInclude, ACycleIsNamed) {
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.yaml", "x: 1\ninclude: b.yaml\n");
  folder.Write("b.yaml", "include: ./a.yaml\n");
  const std::string message = LoadMessage(a);
  EXPECT_NE(message.find("a cycle of includes"), std::string::npos) << message;
  EXPECT_NE(message.find("a.yaml -> "), std::string::npos) << message;
  EXPECT_NE(message.find("b.yaml:1"), std::string::npos) << message;
  const std::string self = folder.Write("self.yaml", "include: self.yaml\n");
  EXPECT_NE(LoadMessage(self).find("a cycle of includes"), std::string::npos);
}

TEST(ConfigInclude, AMissingFileNamesWhoWantedIt) {
  const TemporaryFolder folder;
  const std::string message = LoadMessage(folder.Write("run.yaml", "x: 1\ninclude: none.yaml\n"));
  EXPECT_NE(message.find("none.yaml"), std::string::npos) << message;
  EXPECT_NE(message.find("run.yaml:2"), std::string::npos) << message;
}

TEST(ConfigInclude, AnAbsentRootFileIsAUsageError) {
  EXPECT_NE(LoadMessage("/nonexistent/run.yaml").find("/nonexistent/run.yaml"), std::string::npos);
}

TEST(ConfigInclude, AWrongFormIsAUsageError) {
  const TemporaryFolder folder;
  for (const char* bad : {"include: {a: 1}", "include:", "include: []", "include: [a, [b]]", "include: ''", "include: ."}) {
    LoadMessage(folder.Write("run.yaml", bad));
  }
}

TEST(ConfigInclude, AnIncludedFileMustBeAMapping) {
  const TemporaryFolder folder;
  folder.Write("list.yaml", "- 1\n");
  const std::string message = LoadMessage(folder.Write("run.yaml", "include: list.yaml\n"));
  EXPECT_NE(message.find("expected a mapping"), std::string::npos) << message;
  EXPECT_NE(message.find("list.yaml:1"), std::string::npos) << message;
}

TEST(ConfigInclude, AChainThatIsTooDeepIsRefused) {
  const TemporaryFolder folder;
  for (int i = 0; i < 120; ++i) folder.Write(std::to_string(i) + ".yaml", "include: " + std::to_string(i + 1) + ".yaml\n");
  EXPECT_NE(LoadMessage(folder.File("0.yaml")).find("more than 100 levels"), std::string::npos);
}

TEST(ConfigInclude, ManyOrLargeFilesAreRefused) {
  const TemporaryFolder folder;
  folder.Write("small.yaml", "{}\n");
  std::string many = "include: [";
  for (int i = 0; i < 1001; ++i) many += "small.yaml, ";
  EXPECT_NE(LoadMessage(folder.Write("many.yaml", many + "]\n")).find("more than 1000 files"), std::string::npos);
  folder.Write("large.yaml", "a: 1\n# " + std::string(size_t{300} << 10, 'x') + "\n");
  const std::string message = LoadMessage(folder.Write("run.yaml", "include: [large.yaml, large.yaml]\n"));
  EXPECT_NE(message.find("exceed 512 KiB"), std::string::npos) << message;
}

TEST(ConfigInclude, FilesThatMultiplyAreRefused) {
  const TemporaryFolder folder;
  for (int i = 0; i < 40; ++i) {
    const std::string next = std::to_string(i + 1) + ".yaml";
    folder.Write(std::to_string(i) + ".yaml", "a: {include: " + next + "}\nb: {include: " + next + "}\n");
  }
  folder.Write("40.yaml", "x: 1\n");
  EXPECT_NE(LoadMessage(folder.File("0.yaml")).find("more than"), std::string::npos);
}

}  // namespace
}  // namespace deepmad::base
