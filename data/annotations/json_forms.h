// Values of JSON as exporters, pandas and spreadsheets write them: numbers as text, whole numbers with a fraction of zero, true for 1. Read
// where they have one meaning, and counted, so that it can be said what was read in another way than it stands.
#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace deepmad::data {

class JsonForms {
 public:
  // All throw JsonFieldError (data/annotations/json_record.h) for what has no meaning. A whole number: 7, 7.0, "7"; not "007", which may
  // be a name.
  int64_t Int(std::string_view field, simdjson::ondemand::value value);
  // A finite number: 2.5, "2.5".
  double Number(std::string_view field, simdjson::ondemand::value value);
  std::array<double, 4> FourNumbers(std::string_view field, simdjson::ondemand::value value);
  // 0 or 1: also false and true.
  bool Flag(std::string_view field, simdjson::ondemand::value value);
  // Whether it is null, which means that the file does not say.
  bool IsNull(std::string_view field, simdjson::ondemand::value value);

  // "3 category_id as text; 2 area null": what was read in another way than it stands; empty where nothing was.
  std::string Describe() const;

 private:
  void Count(std::string_view field, const char* form) { ++counts_[std::string(field) + " " + form]; }

  std::map<std::string, int64_t> counts_;
};

}  // namespace deepmad::data
