#include "mad/network/dense_head_type.h"

#include <algorithm>

namespace deepmad::mad {

const std::vector<DenseHead>& DenseHeads() {
  using enum DenseHead::Predicts;
  static const std::vector<DenseHead> heads = {{"upernet", kPixelClasses, 4, 512, 1},
                                               {"fcos", kBoxes, 8, 256, 32},
                                               {"fcos_plain", kBoxes, 8, 256, 32},
                                               {"gflv2", kBoxes, 8, 256, 32}};
  return heads;
}

const DenseHead* FindDenseHead(const std::string& type) {
  const auto it = std::find_if(DenseHeads().begin(), DenseHeads().end(), [&](const DenseHead& head) { return head.type == type; });
  return it == DenseHeads().end() ? nullptr : &*it;
}

bool PredictsBoxes(const std::string& type) {
  const DenseHead* head = FindDenseHead(type);
  return head != nullptr && head->predicts == DenseHead::Predicts::kBoxes;
}

}  // namespace deepmad::mad
