// One object of a large JSON list, read field by field by simdjson, with errors that say which object and which field.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
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
// Each number by `to_number`.
std::array<double, 4> ToFourNumbers(std::string_view field, simdjson::ondemand::value value,
                                    const std::function<double(simdjson::ondemand::value)>& to_number);

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

  // Reads an object by `read`, and keeps the FailedError that it throws, so that several can be named at once.
  template <typename ReadObject>
  void Collect(const ReadObject& read) {
    try {
      read();
    } catch (const base::Error& error) {
      if (failures_++ < kShown) first_failures_.push_back(error);
    }
  }
  // Throws FailedError naming the first few that were kept and how many there are; nothing where there are none.
  void ThrowCollected() const;

  // For what its reader finds wrong with it.
  base::Error Failure(std::string_view text, int64_t index, const std::string& what);

 private:
  static constexpr int64_t kShown = 3;

  static std::string Reason(const simdjson::simdjson_error& error);

  std::string path_;
  std::string kind_;
  simdjson::ondemand::parser parser_;
  int64_t failures_ = 0;
  std::vector<base::Error> first_failures_;
};

}  // namespace deepmad::data
