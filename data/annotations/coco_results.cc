#include "data/annotations/coco_results.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/annotations/json_record.h"
#include "data/annotations/json_stream.h"

namespace deepmad::data {
namespace {

CocoResult ReadResult(JsonRecords& records, std::string_view text, int64_t index) {
  std::optional<int64_t> image, category;
  std::optional<std::array<double, 4>> box;
  std::optional<double> score;
  records.Read(text, index, [&](std::string_view field, simdjson::ondemand::value value) {
    if (field == "image_id") {
      image = ToInt(field, value);
    } else if (field == "category_id") {
      category = ToInt(field, value);
    } else if (field == "bbox") {
      box = ToFourNumbers(field, value);
    } else if (field == "score") {
      score = ToNumber(field, value);
    }
  });
  const char* absent = !image ? "image_id" : !category ? "category_id" : !box ? "bbox" : !score ? "score" : nullptr;
  if (absent != nullptr) throw records.Failure(text, index, fmt::format("no {}", absent));
  return {*image, *category, *box, *score};
}

}  // namespace

std::vector<CocoResult> ReadCocoResults(const std::string& path) {
  JsonStream stream(path);
  JsonRecords records(path, "result");
  std::vector<CocoResult> results;
  stream.EnterArray();
  while (stream.NextElement()) results.push_back(ReadResult(records, stream.Value(), static_cast<int64_t>(results.size())));
  stream.End();
  return results;
}

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
