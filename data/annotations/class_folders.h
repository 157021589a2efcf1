// The folder layout of ImageNet: SPLIT/CLASS/IMAGE.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

// Returns the names of the folders in `split_folder` in byte order, hidden ones excluded; the position is the class index. Throws
// UsageError if the folder is absent or contains no folders.
std::vector<std::string> ListClasses(const std::string& split_folder);

struct ClassFile {
  int64_t label = 0;
  std::string path;  // relative to the class folder
};

// Returns all files below the class folders except hidden ones, ordered by class and then by path in byte order. Every file counts as an
// image whatever its name, dangling links included; a file that is not an image is reported when it is read. Links to folders below a class
// are not followed, so loops are harmless. Throws UsageError naming a class without files.
std::vector<ClassFile> ListClassFiles(const std::string& split_folder, const std::vector<std::string>& classes);

}  // namespace deepmad::data
