#include "mad/block.h"

#include <map>

namespace deepmad::base {
template <>
const char* mad::BlockRegistry::kind() {
  return "block type";
}
}  // namespace deepmad::base

namespace deepmad::mad {

const BlockType& FindBlockType(const std::string& name, const std::string& where) {
  static const std::map<std::string, BlockType> types = [] {
    std::map<std::string, BlockType> all;
    for (const std::string& known : BlockRegistry::Get().Names()) all.emplace(known, BlockRegistry::Get().Create(known));
    return all;
  }();
  BlockRegistry::Get().Find(name, where);
  return types.at(name);
}

}  // namespace deepmad::mad
