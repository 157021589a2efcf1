#include "base/text_file.h"

#include "base/atomic_file.h"
#include "base/error.h"

namespace deepmad::base {

size_t TextBegin(std::string_view start, const std::string& path) {
  if (start.starts_with(kByteOrderMark)) return kByteOrderMark.size();
  const bool wide =
      start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF") || start.starts_with(std::string_view("\0\0\xFE\xFF", 4));
  if (wide) throw FailedError("not a text in UTF-8 but in UTF-16 or UTF-32", path, "save it as UTF-8");
  return 0;
}

std::string ReadTextFile(const std::string& path, size_t max_bytes) {
  std::string text = ReadFile(path, max_bytes);
  text.erase(0, TextBegin(text, path));
  return text;
}

}  // namespace deepmad::base
