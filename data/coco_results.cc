#include "data/coco_results.h"

#include <fmt/format.h>

#include <optional>

#include "data/json_record.h"
#include "data/json_stream.h"

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

}  // namespace deepmad::data
