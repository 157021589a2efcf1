// File names as exporters write them into annotations: with backslashes, as parts of a URL, with the folder in front.
#pragma once

#include <string>

namespace deepmad::data {

// The name that is meant where there is no file `name` in `folder`: with slashes for backslashes, with the characters that stand for %20
// and the like, or the last part alone. Empty where no such file exists either, or the file itself does.
std::string OtherFileName(const std::string& folder, const std::string& name);

}  // namespace deepmad::data
