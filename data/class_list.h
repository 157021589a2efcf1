// Names of classes from a text file.
#pragma once

#include <string>
#include <vector>

namespace deepmad::data {

// One name a line; or a table with tabs between columns whose first line names a column "Name", as ADE20K's objectInfo150.txt is.
// FailedError naming the file, and the line where it is one.
std::vector<std::string> ReadClassNames(const std::string& path);

}  // namespace deepmad::data
