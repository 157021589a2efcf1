// Reads class names from a text file.
#pragma once

#include <string>
#include <vector>

namespace deepmad::data {

// The file has one name per line, or is a tab-separated table with a column "Name", like ADE20K's objectInfo150.txt. Throws FailedError
// naming the file and, if a single line is at fault, the line.
std::vector<std::string> ReadClassNames(const std::string& path);

}  // namespace deepmad::data
