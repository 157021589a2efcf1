#include "tests/cli/same_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "tests/cli/tensor_file.h"
#include "train/report/run_log.h"
#include "train/report/tensorboard_events.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

bool OfClock(const std::string& name) {
  return name.ends_with("_seconds") || name.ends_with("_per_second") || name.ends_with("data_share") || name.ends_with("peak_bytes");
}

std::set<std::string> FilesOf(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), folder).string());
  }
  return files;
}

std::string LinesWithoutClock(const std::string& path) {
  std::istringstream lines(base::ReadFile(path));
  std::string kept;
  for (std::string line; std::getline(lines, line);) kept += WithoutClock(line) + "\n";
  return kept;
}

std::string TableWithoutClock(const std::string& path) {
  std::istringstream lines(base::ReadFile(path));
  std::string kept;
  std::vector<bool> keep;
  for (std::string line; std::getline(lines, line); kept += "\n") {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    if (keep.empty()) {
      for (const std::string& name : row) keep.push_back(!OfClock(name));
    }
    for (size_t i = 0; i < row.size(); ++i) {
      if (keep.at(i)) kept += row[i] + ",";
    }
  }
  return kept;
}

std::string ScalarsWithoutClock(const std::string& path) {
  std::ostringstream kept;
  kept.precision(9);  // all of a float
  for (const train::TensorboardScalar& scalar : train::ReadTensorboardScalars(path)) {
    kept << scalar.step << " " << scalar.tag;
    if (!OfClock(scalar.tag)) kept << " " << scalar.value;
    kept << "\n";
  }
  return kept.str();
}

void ExpectSameFile(const std::string& name, const std::string& a, const std::string& b) {
  if (name == "report.html") return;
  if (name == "log.jsonl") {
    EXPECT_EQ(LinesWithoutClock(a), LinesWithoutClock(b));
  } else if (name == "metrics.csv") {
    EXPECT_EQ(TableWithoutClock(a), TableWithoutClock(b));
  } else if (name == "summary.json") {
    EXPECT_EQ(WithoutClock(base::ReadFile(a)), WithoutClock(base::ReadFile(b)));
  } else if (name.starts_with("events.out.tfevents")) {
    EXPECT_EQ(ScalarsWithoutClock(a), ScalarsWithoutClock(b));
  } else if (name.starts_with("checkpoints/")) {
    const TensorFile file_a = ReadTensorFile(a), file_b = ReadTensorFile(b);
    EXPECT_TRUE(file_a.tensors == file_b.tensors);
    EXPECT_EQ(WithoutClock(file_a.metadata.at("state")), WithoutClock(file_b.metadata.at("state")));
  } else {
    EXPECT_TRUE(base::ReadFile(a) == base::ReadFile(b));
  }
}

}  // namespace

std::string WithoutClock(const std::string& json_line) {
  const Json record = Json::parse(json_line);
  Json kept = Json::object();
  for (const auto& [key, value] : record.items()) {
    if (!OfClock(key)) kept[key] = value;
  }
  return kept.dump();
}

void ExpectSameRun(const std::string& a, const std::string& b) {
  const std::set<std::string> files = FilesOf(a);
  EXPECT_EQ(files, FilesOf(b));
  for (const char* name :
       {"summary.json", "log.jsonl", "metrics.csv", "events.out.tfevents.deepmad", "report.html", "last_ema.safetensors"}) {
    EXPECT_TRUE(files.contains(name)) << name;
  }
  for (const std::string& name : files) {
    SCOPED_TRACE(name);
    if (fs::exists(b + "/" + name)) ExpectSameFile(name, a + "/" + name, b + "/" + name);
  }
}

void ExpectNothingHalfWritten(const std::string& folder) {
  for (const std::string& name : FilesOf(folder)) EXPECT_EQ(name.find(".partial-"), std::string::npos) << name;
}

void ExpectEveryFileWhole(const std::string& folder) {
  for (const std::string& name : FilesOf(folder)) {
    SCOPED_TRACE(name);
    const std::string path = folder + "/" + name;
    const std::string content = base::ReadFile(path);
    if (name.find(".partial-") != std::string::npos) continue;
    if (name.ends_with(".safetensors")) {
      EXPECT_TRUE(ChecksumHolds(ReadTensorFile(path)));
    } else if (name.ends_with(".json")) {
      EXPECT_TRUE(Json::accept(content));
    } else if (name == "log.jsonl" || name == "metrics.csv") {
      EXPECT_TRUE(content.empty() || content.back() == '\n');
    } else if (name.ends_with(".yaml")) {
      EXPECT_TRUE(content.ends_with("\n"));
    } else if (name.ends_with(".png")) {
      EXPECT_EQ(content.substr(content.size() - 8, 4), "IEND");
    } else if (name.ends_with(".html") || name.ends_with(".svg")) {
      EXPECT_NE(content.find(name.ends_with(".html") ? "</html>" : "</svg>"), std::string::npos);
    }
  }
}

}  // namespace deepmad::cli
