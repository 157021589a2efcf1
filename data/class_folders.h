// The folder layout of ImageNet and its relatives: SPLIT/CLASS/PICTURE.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

// Names of the folders in `split_folder`, hidden ones left out, in byte order: the rank is the class index. UsageError when the folder is
// absent or holds no folders.
std::vector<std::string> ListClasses(const std::string& split_folder);

struct ClassFile {
  int64_t label = 0;
  std::string path;  // relative to the class folder
};

// All files below the class folders, hidden ones left out, by class and then in byte order of the path. Every other file counts as a
// picture, whatever its name, dangling links included: one that is none is reported when it is read. Links to folders below a class are not
// followed, so that loops do no harm. UsageError naming a class without files.
std::vector<ClassFile> ListClassFiles(const std::string& split_folder, const std::vector<std::string>& classes);

}  // namespace deepmad::data
