#include "data/dataset/sample.h"

namespace deepmad::data {

const char* LabelledThing(LabelKind labels) {
  switch (labels) {
    case LabelKind::kPixels:
      return "pixel";
    case LabelKind::kVideo:
      return "video";
    case LabelKind::kBoxes:
      return "object";
    default:
      return "picture";
  }
}

}  // namespace deepmad::data
