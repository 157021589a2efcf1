#include "data/annotations/json_record.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

namespace deepmad::data {
namespace {

constexpr size_t kShown = 40;  // characters of a wrong value

JsonFieldError Wrong(std::string_view field, const char* expected, simdjson::ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  const std::string got = token.substr(0, 1) == "{"   ? "an object"
                          : token.substr(0, 1) == "[" ? "a list"
                                                      : std::string(token.substr(0, kShown));
  return JsonFieldError(fmt::format("{}: expected {}, got {}", field, expected, got));
}

}  // namespace

int64_t ToInt(std::string_view field, simdjson::ondemand::value value) {
  int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS) throw Wrong(field, "a whole number", value);
  return number;
}

double ToNumber(std::string_view field, simdjson::ondemand::value value) {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(number)) throw Wrong(field, "a number", value);
  return number;
}

std::string ToText(std::string_view field, simdjson::ondemand::value value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) throw Wrong(field, "a text", value);
  return std::string(text);
}

std::array<double, 4> ToFourNumbers(std::string_view field, simdjson::ondemand::value value,
                                    const std::function<double(simdjson::ondemand::value)>& to_number) {
  simdjson::ondemand::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) throw Wrong(field, "4 numbers", value);
  std::array<double, 4> numbers{};
  size_t count = 0;
  for (auto item : list) {
    const double number = to_number(item.value());
    if (count < numbers.size()) numbers[count] = number;
    ++count;
  }
  if (count != numbers.size()) throw JsonFieldError(fmt::format("{}: expected 4 numbers, got {}", field, count));
  return numbers;
}

std::string JsonRecords::Reason(const simdjson::simdjson_error& error) {
  if (error.error() == simdjson::INCORRECT_TYPE) return "expected an object";
  return fmt::format("not valid JSON ({})", error.what());
}

void JsonRecords::ThrowCollected() const {
  if (failures_ == 0) return;
  if (failures_ == 1) throw first_failures_.front();
  std::string text = fmt::format("{} of its entries cannot be read", failures_);
  const std::string place = ": " + path_;
  for (const base::Error& failure : first_failures_) {
    const std::string what = failure.what();
    text += "; " + (what.ends_with(place) ? what.substr(0, what.size() - place.size()) : what);
  }
  throw base::FailedError(text + (failures_ > kShown ? "; ..." : ""), path_);
}

base::Error JsonRecords::Failure(std::string_view text, int64_t index, const std::string& what) {
  std::optional<int64_t> id, image;
  simdjson::ondemand::parser parser;  // that of Read stands in the middle
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(text.data(), text.size(), text.size() + JsonStream::kPadding).get(document) == simdjson::SUCCESS &&
      document.get_object().get(object) == simdjson::SUCCESS) {
    for (auto field : object) {
      std::string_view name;
      simdjson::ondemand::value value;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS || field.value().get(value) != simdjson::SUCCESS) break;
      int64_t number = 0;
      if ((name == "id" || name == "image_id") && value.get_int64().get(number) == simdjson::SUCCESS) (name == "id" ? id : image) = number;
    }
  }
  std::string which = fmt::format("{} {}", kind_, index);
  if (id && image) {
    which += fmt::format(" (id {}, image {})", *id, *image);
  } else if (id) {
    which += fmt::format(" (id {})", *id);
  } else if (image) {
    which += fmt::format(" (image {})", *image);
  }
  return base::FailedError(which + ": " + what, path_);
}

}  // namespace deepmad::data
