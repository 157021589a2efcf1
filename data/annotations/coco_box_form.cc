#include "data/annotations/coco_box_form.h"

namespace deepmad::data {
namespace {

struct BoxCounts {
  size_t fractions = 0;  // all four numbers from 0 to 1
  size_t corners = 0;    // [left, top, right, bottom] inside the picture
  size_t reaching = 0;   // [left, top, width, height] reaching out of the picture by more than a pixel
  size_t all = 0;
};

BoxCounts Count(const CocoAnnotations& file) {
  BoxCounts counts;
  counts.all = file.annotations.size();
  for (const CocoAnnotation& annotation : file.annotations) {
    const CocoImage& image = file.images[static_cast<size_t>(file.ImageIndex(annotation.image_id))];
    const auto [a, b, c, d] = annotation.box;
    const double width = image.width, height = image.height;
    counts.fractions += a >= 0 && b >= 0 && c > 0 && d > 0 && a <= 1 && b <= 1 && c <= 1 && d <= 1;
    counts.corners += a >= 0 && b >= 0 && c > a && d > b && c <= width + 1 && d <= height + 1;
    counts.reaching += a < -1 || b < -1 || a + c > width + 1 || b + d > height + 1;
  }
  return counts;
}

bool IsShare(size_t part, size_t all, double least) { return all > 0 && static_cast<double>(part) >= least * static_cast<double>(all); }

}  // namespace

std::string OtherBoxForm(const CocoAnnotations& file) {
  const BoxCounts counts = Count(file);
  if (IsShare(counts.fractions, counts.all, 0.9)) {
    return "the boxes look like fractions of the picture: COCO's are [left, top, width, height] in pixels";
  }
  if (IsShare(counts.corners, counts.all, 0.95) && IsShare(counts.reaching, counts.all, 0.1)) {
    return "the boxes look like corners [left, top, right, bottom]: COCO's are [left, top, width, height]";
  }
  return "";
}

size_t BoxesReachingOut(const CocoAnnotations& file) { return Count(file).reaching; }

}  // namespace deepmad::data
