// One object of a large JSON list, read field by field by simdjson, with errors that say which object and which field.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/annotations/json_stream.h"

namespace deepmad::data {

// A value of the wrong kind: "bbox: expected 4 numbers, got 3".
class JsonFieldError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// All throw JsonFieldError.
int64_t ToInt(std::string_view field, simdjson::ondemand::value value);
double ToNumber(std::string_view field, simdjson::ondemand::value value);  // finite
std::string ToText(std::string_view field, simdjson::ondemand::value value);
std::array<double, 4> ToFourNumbers(std::string_view field, simdjson::ondemand::value value);

class JsonRecords {
 public:
  // `path` and `kind` ("annotation") are for messages.
  JsonRecords(std::string path, std::string kind) : path_(std::move(path)), kind_(std::move(kind)) {}

  // Calls on_field(name, value) for each field of `text`, an object with JsonStream::kPadding readable bytes behind it, the `index`-th of
  // its list. Throws FailedError with the file, the kind, index and, where they can be read, the object's `id` and `image_id`.
  template <typename OnField>
  void Read(std::string_view text, int64_t index, const OnField& on_field) {
    try {
      auto document = parser_.iterate(text.data(), text.size(), text.size() + JsonStream::kPadding);
      for (auto field : document.get_object()) {
        const std::string_view name = field.unescaped_key();
        on_field(name, simdjson::ondemand::value(field.value()));
      }
    } catch (const JsonFieldError& error) {
      throw Failure(text, index, error.what());
    } catch (const simdjson::simdjson_error& error) {
      throw Failure(text, index, Reason(error));
    }
  }

  // For what its reader finds wrong with it.
  base::Error Failure(std::string_view text, int64_t index, const std::string& what);

 private:
  static std::string Reason(const simdjson::simdjson_error& error);

  std::string path_;
  std::string kind_;
  simdjson::ondemand::parser parser_;
};

}  // namespace deepmad::data
