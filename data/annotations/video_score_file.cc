#include "data/annotations/video_score_file.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>

#include "data/annotations/json_stream.h"

namespace deepmad::data {
namespace {

// A key as written in the file, with its escapes resolved; nothing where it is no JSON string.
std::string Unescaped(simdjson::dom::parser& parser, const std::string& key) {
  std::string_view text;
  if (parser.parse("\"" + key + "\"").get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

}  // namespace

void ReadVideoScores(const std::string& path, const std::function<void(const std::string& video, const std::vector<float>& scores)>& use) {
  JsonStream stream(path);
  simdjson::dom::parser keys, parser;
  size_t classes = 0;
  stream.EnterObject();
  for (std::string key; stream.NextMember(&key);) {
    const std::string video = Unescaped(keys, key);
    if (video.empty()) throw stream.Broken("a video without a name");
    const std::string_view text = stream.Value();
    simdjson::dom::array values;
    if (parser.parse(text.data(), text.size(), /*realloc_if_needed=*/false).get(values) != simdjson::SUCCESS) {
      throw stream.Broken(fmt::format("video '{}' has no list of scores", video));
    }
    std::vector<float> scores;
    for (const simdjson::dom::element value : values) {
      double score = 0;
      if (value.get(score) != simdjson::SUCCESS || !std::isfinite(static_cast<float>(score))) {
        throw stream.Broken(fmt::format("video '{}' has a score that is no number", video));
      }
      scores.push_back(static_cast<float>(score));
    }
    if (classes == 0) classes = scores.size();
    if (scores.empty() || scores.size() != classes)
      throw stream.Broken(fmt::format("video '{}' has {} scores, not {}", video, scores.size(), classes));
    use(video, scores);
  }
  stream.End();
}

}  // namespace deepmad::data
