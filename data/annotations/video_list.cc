#include "data/annotations/video_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <optional>
#include <sstream>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/text_file.h"

namespace deepmad::data {
namespace {

constexpr size_t kMostBytes = size_t{1} << 28;

int64_t Number(const std::string& text, const std::string& what, const std::string& where) {
  int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > 999999) {
    throw base::FailedError(fmt::format("'{}' is no {}", text, what), where);
  }
  return number;
}

// The fields of one line; a field in quotation marks may hold commas.
std::vector<std::string> CsvFields(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

// Where the columns are that the path is made of.
struct CsvColumns {
  static constexpr const char* kNames[] = {"label", "youtube_id", "time_start", "time_end"};

  static bool IsHeader(const std::string& line) { return line.starts_with("label,"); }
  CsvColumns(const std::string& header, const std::string& where) {
    const std::vector<std::string> names = CsvFields(header);
    for (size_t i = 0; i < 4; ++i) {
      at[i] = static_cast<size_t>(std::find(names.begin(), names.end(), kNames[i]) - names.begin());
      if (at[i] == names.size()) throw base::FailedError(fmt::format("a list without the column '{}'", kNames[i]), where);
    }
  }

  ListedVideo Read(const std::string& line, const std::string& where) const {
    const std::vector<std::string> fields = CsvFields(line);
    if (fields.size() <= *std::max_element(std::begin(at), std::end(at))) throw base::FailedError("a line with too few fields", where);
    ListedVideo video;
    video.class_name = fields[at[0]];
    std::string folder = video.class_name;
    std::replace(folder.begin(), folder.end(), ' ', '_');
    video.path = fmt::format("{}/{}_{:06}_{:06}", folder, fields[at[1]], Number(fields[at[2]], "time in seconds", where),
                             Number(fields[at[3]], "time in seconds", where));
    return video;
  }

  size_t at[4];
};

ListedVideo ReadPlain(const std::string& line, const std::string& where) {
  const size_t blank = line.find_last_of(" \t");
  const size_t path_end = blank == std::string::npos ? 0 : line.find_last_not_of(" \t", blank) + 1;
  if (path_end == 0)
    throw base::FailedError("not a path and a label", where, "a line is 'relative/path label', or the file is Kinetics' CSV");
  ListedVideo video;
  video.path = line.substr(0, path_end);
  video.label = Number(line.substr(blank + 1), "label", where);
  return video;
}

void CheckPath(const std::string& path, const std::string& where) {
  const std::filesystem::path parts(path);
  if (parts.is_relative() && std::find(parts.begin(), parts.end(), "..") == parts.end()) return;
  throw base::FailedError(fmt::format("the path '{}' leaves the folder of the videos", path), where);
}

ListedVideo ReadUcf(const std::string& line, const std::string& where) {
  ListedVideo video;
  video.path = line;
  if (line.find_last_of(" \t") != std::string::npos) {
    video = ReadPlain(line, where);
    if (--video.label < 0) throw base::FailedError("'0' is no label: UCF101's start at 1", where);
  }
  const size_t slash = video.path.find('/');
  if (slash == 0 || slash == std::string::npos)
    throw base::FailedError("not a class and a video", where, "a line is 'Class/video.avi label'");
  video.class_name = video.path.substr(0, slash);
  return video;
}

// Each line that is not empty, without blanks at its end, with "file:line" and the line's number.
void EachLine(const std::string& file, const std::function<void(const std::string& line, const std::string& where, int64_t number)>& use) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) throw base::UsageError("no such list of videos", file);
  std::istringstream text(base::ReadTextFile(file, kMostBytes));
  int64_t number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) use(line, file + ":" + std::to_string(number), number);
  }
}

// The videos of a list, each once.
class ListBuilder {
 public:
  explicit ListBuilder(const std::string& file) { list.file = file; }

  void Add(ListedVideo video, const std::string& where, int64_t line) {
    video.line = line;
    CheckPath(video.path, where);
    if (!seen_.insert(video.path).second)
      throw base::FailedError(fmt::format("a second line of '{}'", video.path), where, "remove one of them");
    list.videos.push_back(std::move(video));
  }
  VideoList Finish() {
    if (list.videos.empty()) throw base::FailedError("a list without videos", list.file);
    return std::move(list);
  }

  VideoList list;

 private:
  std::unordered_set<std::string> seen_;
};

}  // namespace

VideoList ReadVideoList(const std::string& file) {
  ListBuilder builder(file);
  std::optional<CsvColumns> columns;
  EachLine(file, [&](const std::string& line, const std::string& where, int64_t number) {
    if (number == 1 && CsvColumns::IsHeader(line)) {
      columns.emplace(line, where);
      builder.list.from_csv = true;
    } else {
      builder.Add(columns ? columns->Read(line, where) : ReadPlain(line, where), where, number);
    }
  });
  return builder.Finish();
}

VideoList ReadUcfList(const std::string& file) {
  ListBuilder builder(file);
  EachLine(file,
           [&](const std::string& line, const std::string& where, int64_t number) { builder.Add(ReadUcf(line, where), where, number); });
  return builder.Finish();
}

std::vector<std::string> ReadUcfClasses(const std::string& file) {
  std::vector<std::string> names;
  EachLine(file, [&](const std::string& line, const std::string& where, int64_t) {
    const size_t blank = line.find_first_of(" \t");
    if (blank == std::string::npos) throw base::FailedError("not a number and a class", where, "a line is '1 ApplyEyeMakeup'");
    const auto number = static_cast<size_t>(Number(line.substr(0, blank), "number of a class", where));
    if (number == 0) throw base::FailedError("'0' is no number of a class: they start at 1", where);
    if (number > names.size()) names.resize(number);
    if (!names[number - 1].empty()) throw base::FailedError(fmt::format("a second class {}", number), where);
    names[number - 1] = line.substr(line.find_first_not_of(" \t", blank));
  });
  if (names.empty()) throw base::FailedError("a list without classes", file);
  const auto gap = std::find(names.begin(), names.end(), "");
  if (gap != names.end()) throw base::FailedError(fmt::format("no class has the number {}", gap - names.begin() + 1), file);
  return names;
}

}  // namespace deepmad::data
