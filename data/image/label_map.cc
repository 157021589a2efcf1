#include "data/image/label_map.h"

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/image/image_io.h"
#include "data/image/png_decoder.h"

namespace deepmad::data {
namespace {

constexpr std::string_view kPngStart = "\x89PNG";

std::string Shown(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

}  // namespace

Image DecodeLabelMap(std::string_view bytes, LabelNumbering numbering, const std::string& name) {
  if (!bytes.starts_with(kPngStart)) {
    throw base::FailedError(bytes.empty() ? "empty file" : "not a PNG image", name, "labels are PNG files of one number a pixel");
  }
  Image map = DecodePngValues(bytes, name);
  if (numbering == LabelNumbering::kFromOne) {
    for (uint8_t& label : map.pixels) label = label == kNoLabel ? kNoLabel : static_cast<uint8_t>(label - 1);  // 0 becomes 255
  }
  return map;
}

Image ReadLabelMap(const std::string& path, LabelNumbering numbering) {
  return DecodeLabelMap(base::ReadFile(path, size_t{1} << 30), numbering, path);
}

std::string EncodeLabelMap(const Image& map, LabelNumbering numbering) {
  if (numbering == LabelNumbering::kFromZero) return EncodePng(map);
  Image stored = map;
  for (uint8_t& label : stored.pixels) ++label;  // 255 becomes 0
  return EncodePng(stored);
}

void CheckClasses(const Image& map, int64_t classes, LabelNumbering numbering, const std::string& name) {
  int most = -1;
  for (const uint8_t label : map.pixels) most = std::max(most, label == kNoLabel ? -1 : int{label});
  if (most < classes) return;
  const int first = numbering == LabelNumbering::kFromOne ? 1 : 0;
  throw base::FailedError("label " + std::to_string(most + first) + " of " + std::to_string(classes) +
                              " classes, which are numbered from " + std::to_string(first),
                          name, "correct the file or the number of classes");
}

void CheckSameSize(Size map, const std::string& map_name, Size other, const std::string& other_name) {
  if (map.height == other.height && map.width == other.width) return;
  throw base::FailedError(Shown(map) + " pixels of labels for " + Shown(other), map_name, "the other file is " + other_name);
}

}  // namespace deepmad::data
