#include "data/annotations/coco_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "data/annotations/json_forms.h"
#include "data/annotations/json_record.h"
#include "data/annotations/json_stream.h"

namespace deepmad::data {
namespace {

CocoResult ReadResult(JsonRecords& records, JsonForms& forms, std::string_view text, int64_t index) {
  std::optional<int64_t> image, category;
  std::optional<std::array<double, 4>> box;
  std::optional<double> score;
  records.Read(text, index, [&](std::string_view field, simdjson::ondemand::value value) {
    if (field == "image_id") {
      image = forms.Int(field, value);
    } else if (field == "category_id") {
      category = forms.Int(field, value);
    } else if (field == "bbox") {
      box = forms.FourNumbers(field, value);
    } else if (field == "score") {
      score = forms.Number(field, value);
    }
  });
  const char* absent = !image ? "image_id" : !category ? "category_id" : !box ? "bbox" : !score ? "score" : nullptr;
  if (absent != nullptr) throw records.Failure(text, index, fmt::format("no {}", absent));
  return {*image, *category, *box, *score};
}

class ResultsReader {
 public:
  explicit ResultsReader(const std::string& path) : path_(path), records_(path, "result") {}

  std::vector<CocoResult> Read() {
    JsonStream stream(path_);
    if (stream.Peek() != '{') {
      ReadList(stream);
      stream.End();
    } else if (!FindList(stream)) {
      ReadLines();
    }
    records_.ThrowCollected();
    if (const std::string read = forms_.Describe(); !read.empty()) base::LogInfo(fmt::format("{}: read as meant: {}", path_, read));
    return std::move(results_);
  }

 private:
  void ReadOne(std::string_view text) {
    records_.Collect([&] { results_.push_back(ReadResult(records_, forms_, text, index_)); });
    ++index_;
  }

  void ReadList(JsonStream& stream) {
    stream.EnterArray();
    while (stream.NextElement()) ReadOne(stream.Value());
  }

  // In an object that holds the list; false where the object is a result itself.
  bool FindList(JsonStream& stream) {
    constexpr std::array kLists = {"annotations", "results", "predictions", "detections"};
    constexpr std::array kFields = {"image_id", "category_id", "bbox", "score"};
    bool found = false;
    stream.EnterObject();
    for (std::string name; stream.NextMember(&name);) {
      if (std::ranges::find(kFields, name) != kFields.end()) return false;
      // The annotations themselves are no results.
      if (name == "images" || name == "categories") throw stream.Broken("expected a list of results, got annotations");
      const bool list = !found && std::ranges::find(kLists, name) != kLists.end() && stream.Peek() == '[';
      list ? ReadList(stream) : stream.SkipValue();
      found = found || list;
    }
    if (!found) throw stream.Broken("expected a list, got an object without one");
    stream.End();
    return true;
  }

  // JSON lines: one result behind the other.
  void ReadLines() {
    JsonStream stream(path_);
    while (stream.Peek() != 0) ReadOne(stream.Value());
  }

  const std::string& path_;
  JsonRecords records_;
  JsonForms forms_;
  std::vector<CocoResult> results_;
  int64_t index_ = 0;
};

}  // namespace

std::vector<CocoResult> ReadCocoResults(const std::string& path) { return ResultsReader(path).Read(); }

void WriteCocoResults(const std::string& path, const std::vector<CocoResult>& results) {
  base::WriteFileAtomically(path, [&](const base::AppendBytes& append) {
    std::string line = "[";
    for (size_t i = 0; i < results.size(); ++i) {
      const CocoResult& result = results[i];
      const auto [left, top, width, height] = result.box;
      for (const double value : {left, top, width, height, result.score}) {
        if (!std::isfinite(value)) {
          throw base::FailedError(fmt::format("result {} (image {}): {} is no number for a file", i, result.image_id, value), path);
        }
      }
      fmt::format_to(std::back_inserter(line), R"({}{{"image_id":{},"category_id":{},"bbox":[{},{},{},{}],"score":{}}})",
                     i == 0 ? "\n" : ",\n", result.image_id, result.category_id, left, top, width, height, result.score);
      append(line.data(), line.size());
      line.clear();
    }
    line += "\n]\n";
    append(line.data(), line.size());
  });
}

}  // namespace deepmad::data
