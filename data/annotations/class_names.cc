#include "data/annotations/class_names.h"

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/text_file.h"

namespace deepmad::data {
namespace {

constexpr size_t kMostBytes = size_t{1} << 20;

std::vector<std::string> Columns(const std::string& line) {
  std::vector<std::string> columns;
  std::istringstream stream(line);
  for (std::string column; std::getline(stream, column, '\t');) columns.push_back(column);
  return columns;
}

}  // namespace

std::vector<std::string> ReadClassNames(const std::string& path) {
  std::istringstream text(base::ReadTextFile(path, kMostBytes));
  std::vector<std::string> names;
  size_t column = 0;
  int64_t number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const std::vector<std::string> columns = Columns(line);
    if (number == 1 && columns.size() > 1) {
      column = static_cast<size_t>(std::find(columns.begin(), columns.end(), "Name") - columns.begin());
      if (column == columns.size()) throw base::FailedError("a table of classes without a column 'Name'", path);
      continue;
    }
    if (columns.size() <= column) throw base::FailedError("a class without name", path + ":" + std::to_string(number));
    names.push_back(columns[column]);
  }
  if (names.empty()) throw base::FailedError("no class in the list", path);
  return names;
}

}  // namespace deepmad::data
