#include "train/study/run_records.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "train/report/append_file.h"

namespace deepmad::train {

std::map<std::string, base::Json> RunRecords::Read() const {
  std::map<std::string, base::Json> records;
  if (!std::filesystem::exists(path_)) return records;
  const std::string text = base::ReadFile(path_);
  size_t line = 0, begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
    const std::string where = fmt::format("{}:{}", path_, ++line);
    const base::Json record = base::Json::parse(text.substr(begin, end - begin), nullptr, /*allow_exceptions=*/false);
    if (!record.is_object() || !record.contains("run") || !record.at("run").is_string()) {
      throw base::FailedError("not the record of a run", where, "restore the file");
    }
    if (!records.emplace(record.at("run").get<std::string>(), record).second) {
      throw base::UsageError("a second record of run " + record.at("run").get<std::string>(), where, "remove one of them");
    }
  }
  return records;
}

void RunRecords::Append(const base::Json& record) const {
  if (std::filesystem::exists(path_)) {
    const std::string text = base::ReadFile(path_);
    const size_t whole = text.rfind('\n') + 1;  // 0 where there is no line yet
    if (whole != text.size()) std::filesystem::resize_file(path_, whole);
  }
  AppendFile file(path_);
  file.Append(base::JsonLine(record) + "\n");
  file.Sync();
}

}  // namespace deepmad::train
