#include "data/annotations/json_forms.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <system_error>

#include "data/annotations/json_record.h"

namespace deepmad::data {
namespace {

using Value = simdjson::ondemand::value;
using Type = simdjson::ondemand::json_type;

bool Is(Value& value, Type type) {
  Type found = Type::null;
  return value.type().get(found) == simdjson::SUCCESS && found == type;
}

// As it stands in the file. The value may be read after that all the same.
std::string_view Token(Value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

bool TextOf(Value& value, std::string_view& text) {
  if (!Is(value, Type::string)) return false;
  text = Token(value);
  text = text.substr(1, text.find('"', 1) - 1);  // no number has an escape
  return true;
}

template <typename Result>
bool Parse(std::string_view text, Result& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// "7", "-7", "0": as a number is written.
bool IsCanonical(std::string_view digits) {
  if (digits.starts_with('-')) digits.remove_prefix(1);
  return digits == "0" || (!digits.empty() && digits.front() != '0');
}

}  // namespace

int64_t JsonForms::Int(std::string_view field, Value value) {
  int64_t number = 0;
  double real = 0;
  std::string_view text;
  if (TextOf(value, text)) {
    if (!IsCanonical(text) || !Parse(text, number)) return ToInt(field, value);  // which fails
    Count(field, "as text");
    return number;
  }
  constexpr double kExact = 9007199254740992;  // 2^53
  if (Is(value, Type::number) && !Parse(Token(value), number) && Parse(Token(value), real) && real == std::floor(real) &&
      std::abs(real) <= kExact) {
    Count(field, "with a fraction of zero");
    return static_cast<int64_t>(real);
  }
  return ToInt(field, value);
}

double JsonForms::Number(std::string_view field, Value value) {
  double number = 0;
  std::string_view text;
  if (!TextOf(value, text) || !Parse(text, number) || !std::isfinite(number)) return ToNumber(field, value);
  Count(field, "as text");
  return number;
}

std::array<double, 4> JsonForms::FourNumbers(std::string_view field, Value value) {
  return ToFourNumbers(field, value, [&](Value item) { return Number(field, item); });
}

bool JsonForms::Flag(std::string_view field, Value value) {
  bool flag = false;
  if (Is(value, Type::boolean) && value.get_bool().get(flag) == simdjson::SUCCESS) {
    Count(field, "as true or false");
    return flag;
  }
  const int64_t number = Int(field, value);
  if (number != 0 && number != 1) throw JsonFieldError(fmt::format("{}: expected 0 or 1, got {}", field, number));
  return number == 1;
}

bool JsonForms::IsNull(std::string_view field, Value value) {
  bool null = false;
  if (value.is_null().get(null) != simdjson::SUCCESS || !null) return false;
  Count(field, "null");
  return true;
}

std::string JsonForms::Describe() const {
  std::string text;
  for (const auto& [form, count] : counts_) text += fmt::format("{}{} {}", text.empty() ? "" : "; ", count, form);
  return text;
}

}  // namespace deepmad::data
