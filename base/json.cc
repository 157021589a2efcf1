#include "base/json.h"

#include <cmath>

#include "base/error.h"

namespace deepmad::base {
namespace {

void CheckFinite(const Json& value, const std::string& name) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    throw FailedError("a number that is not finite cannot be written as JSON", name);
  }
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) CheckFinite(child, name.empty() ? key : name + "." + key);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) CheckFinite(value[i], name + "[" + std::to_string(i) + "]");
  }
}

// Text that is not UTF-8 (a file name) gets replacement characters instead of failing the whole report.
std::string Dump(const Json& document, int indent) {
  CheckFinite(document, "");
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string JsonText(const Json& document) { return Dump(document, 2) + "\n"; }

std::string JsonLine(const Json& document) { return Dump(document, -1); }

}  // namespace deepmad::base
