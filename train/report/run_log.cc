#include "train/report/run_log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string_view>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"

namespace deepmad::train {
namespace {

// Calls `take` with each line that ends in a newline until it says that a line is unreadable.
void ForEachLine(std::string_view content, const std::string& path, const std::function<bool(std::string_view)>& take) {
  for (int64_t number = 1; !content.empty(); ++number) {
    const size_t end = content.find('\n');
    if (end == std::string_view::npos) return;  // torn
    if (!take(content.substr(0, end))) {
      base::LogWarning(fmt::format("{}:{}: unreadable, dropped with all behind it", path, number));
      return;
    }
    content.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> Cells(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

// NaN for an empty cell.
std::optional<double> CellValue(std::string_view cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (code != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

}  // namespace

void JsonLinesLog::Append(const base::Json& record) { file_.Append(base::JsonLine(record) + "\n"); }

CsvLog::CsvLog(const std::string& path, const std::vector<std::string>& columns) : file_(path), columns_(columns.size()) {
  const std::string header = fmt::format("{}\n", fmt::join(columns, ","));
  if (file_.was_empty()) {
    file_.Append(header);
  } else if (const std::string content = base::ReadFile(path); content.compare(0, header.size(), header) != 0) {
    throw base::FailedError("the table has other columns", path, "use another folder");
  }
}

void CsvLog::Append(const std::vector<double>& row) {
  if (row.size() != columns_) throw base::FailedError(fmt::format("{} values for {} columns", row.size(), columns_));
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += ',';
    if (!std::isnan(row[i])) line += fmt::format("{}", row[i]);
  }
  file_.Append(line + "\n");
}

std::vector<base::Json> ReadJsonLines(const std::string& path) {
  const std::string content = base::ReadFile(path);
  std::vector<base::Json> records;
  ForEachLine(content, path, [&](std::string_view line) {
    base::Json record = base::Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (record.is_discarded()) return false;
    records.push_back(std::move(record));
    return true;
  });
  return records;
}

void CutJsonLines(const std::string& path, const std::function<bool(const base::Json& record)>& keep) {
  if (!std::filesystem::exists(path)) return;
  std::string kept;
  for (const base::Json& record : ReadJsonLines(path)) {
    if (keep(record)) kept += base::JsonLine(record) + "\n";
  }
  base::WriteFileAtomically(path, kept);
}

void CutCsv(const std::string& path, const std::string& column, const std::function<bool(double value)>& keep) {
  if (!std::filesystem::exists(path)) return;
  const std::string content = base::ReadFile(path);
  std::string kept;
  size_t columns = 0, index = 0;
  ForEachLine(content, path, [&](std::string_view line) {
    const std::vector<std::string_view> cells = Cells(line);
    if (columns == 0) {
      columns = cells.size();
      index = static_cast<size_t>(std::find(cells.begin(), cells.end(), column) - cells.begin());
      if (index == columns) throw base::FailedError("the table has no column '" + column + "'", path);
    } else {
      const std::optional<double> value = cells.size() == columns ? CellValue(cells[index]) : std::nullopt;
      if (!value) return false;
      if (!keep(*value)) return true;
    }
    kept += line;
    kept += '\n';
    return true;
  });
  base::WriteFileAtomically(path, kept);
}

}  // namespace deepmad::train
