// Text files as editors, spreadsheets and shells of all systems write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deepmad::base {

// UTF-8's byte order mark, which Windows' programs put before a text. It means nothing.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Where the text begins in a file whose first bytes are `start`: behind UTF-8's mark, or at 0. Throws FailedError naming `path` for UTF-16
// and UTF-32, which have marks of their own.
size_t TextBegin(std::string_view start, const std::string& path);

// The whole text without a byte order mark. Throws the errors of ReadFile() and of TextBegin().
std::string ReadTextFile(const std::string& path, size_t max_bytes = size_t{1} << 32);

}  // namespace deepmad::base
