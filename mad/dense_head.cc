#include "mad/dense_head.h"

#include <algorithm>

namespace deepmad::mad {

const std::vector<DenseHead>& DenseHeads() {
  static const std::vector<DenseHead> heads = {{"upernet", 4, 512}};
  return heads;
}

const DenseHead* FindDenseHead(const std::string& type) {
  const auto it = std::find_if(DenseHeads().begin(), DenseHeads().end(), [&](const DenseHead& head) { return head.type == type; });
  return it == DenseHeads().end() ? nullptr : &*it;
}

}  // namespace deepmad::mad
