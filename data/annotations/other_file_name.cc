#include "data/annotations/other_file_name.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

bool Exists(const std::string& folder, const std::string& name) {
  std::error_code error;
  return !name.empty() && fs::is_regular_file(fs::path(folder) / name, error);
}

std::string WithSlashes(std::string name) {
  std::ranges::replace(name, '\\', '/');
  return name;
}

std::string Decoded(const std::string& name) {
  std::string decoded;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool code = name[i] == '%' && i + 2 < name.size() && std::isxdigit(static_cast<unsigned char>(name[i + 1])) != 0 &&
                      std::isxdigit(static_cast<unsigned char>(name[i + 2])) != 0;
    decoded += code ? static_cast<char>(std::stoi(name.substr(i + 1, 2), nullptr, 16)) : name[i];
    if (code) i += 2;
  }
  return decoded;
}

}  // namespace

std::string OtherFileName(const std::string& folder, const std::string& name) {
  if (Exists(folder, name)) return "";
  const std::string slashes = WithSlashes(name), decoded = Decoded(slashes);
  for (const std::string& other : {slashes, decoded, slashes.substr(slashes.rfind('/') + 1), decoded.substr(decoded.rfind('/') + 1)}) {
    if (Exists(folder, other)) return other;
  }
  return "";
}

}  // namespace deepmad::data
