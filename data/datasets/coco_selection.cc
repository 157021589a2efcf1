#include "data/datasets/coco_selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "data/annotations/coco_box_form.h"

namespace deepmad::data {
namespace {

constexpr int kLeastSide = 32;  // of a training image, pixels

// The list of the reason to drop a box; null where it is kept.
std::vector<DroppedBox>* ReasonToDrop(const CocoAnnotation& annotation, const CocoImage& image, CocoDrops& drops) {
  const auto [left, top, width, height] = annotation.box;
  if (width < 1 || height < 1) return &drops.thin_boxes;
  const double inside_width = std::min(left + width, static_cast<double>(image.width)) - std::max(left, 0.0);
  const double inside_height = std::min(top + height, static_cast<double>(image.height)) - std::max(top, 0.0);
  if (inside_width <= 0 || inside_height <= 0) return &drops.outside_boxes;
  return annotation.area <= 0 ? &drops.empty_boxes : nullptr;
}

LabelledBox Corners(const CocoAnnotation& annotation, int64_t label) {
  const auto [left, top, width, height] = annotation.box;
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(left + width), static_cast<float>(top + height), label};
}

void CheckImage(const CocoImage& image, const std::string& path) {
  const char* absent = image.file_name.empty() ? "file_name" : image.width == 0 ? "width" : image.height == 0 ? "height" : nullptr;
  if (absent != nullptr) throw base::FailedError(fmt::format("image {} '{}': no {}", image.id, image.file_name, absent), path);
}

void AddBoxes(const char* reason, const std::vector<DroppedBox>& boxes, std::vector<LeftOut>& all) {
  if (boxes.empty()) return;
  LeftOut left_out{reason, {}};
  for (const DroppedBox& box : boxes) left_out.names.push_back(fmt::format("annotation {} of image {}", box.annotation_id, box.image_id));
  all.push_back(std::move(left_out));
}

void AddImages(const char* reason, const std::vector<int64_t>& ids, std::vector<LeftOut>& all) {
  if (ids.empty()) return;
  LeftOut left_out{reason, {}};
  for (const int64_t id : ids) left_out.names.push_back(fmt::format("image {}", id));
  all.push_back(std::move(left_out));
}

}  // namespace

std::vector<LeftOut> CocoDrops::Describe() const {
  std::vector<LeftOut> all;
  AddBoxes("boxes narrower or lower than 1 pixel", thin_boxes, all);
  AddBoxes("boxes outside the picture", outside_boxes, all);
  AddBoxes("boxes of masks without area", empty_boxes, all);
  AddImages("images with a side below 32 pixels", small_images, all);
  AddImages("images without annotations", objectless_images, all);
  return all;
}

CocoSet SelectCoco(const CocoAnnotations& file, Split split, const std::string& path) {
  if (file.categories.empty()) throw base::FailedError("no categories", path);
  CocoSet set;
  for (const CocoCategory& category : file.categories) {
    set.category_ids.push_back(category.id);
    set.class_names.push_back(category.name);
  }
  std::vector<CocoPicture> pictures;
  for (const CocoImage& image : file.images) {
    CheckImage(image, path);
    pictures.push_back({image.id, image.width, image.height, image.file_name, {}, {}});
  }
  std::vector<bool> annotated(pictures.size());
  for (const CocoAnnotation& annotation : file.annotations) {
    const auto index = static_cast<size_t>(file.ImageIndex(annotation.image_id));
    annotated[index] = true;
    if (std::vector<DroppedBox>* reason = ReasonToDrop(annotation, file.images[index], set.drops)) {
      reason->push_back({annotation.id, annotation.image_id});
      continue;
    }
    CocoPicture& picture = pictures[index];
    (annotation.crowd ? picture.crowds : picture.boxes).push_back(Corners(annotation, file.CategoryIndex(annotation.category_id)));
  }
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (split == Split::kTrain && !annotated[i]) {
      set.drops.objectless_images.push_back(pictures[i].image_id);
    } else if (split == Split::kTrain && std::min(pictures[i].width, pictures[i].height) < kLeastSide) {
      set.drops.small_images.push_back(pictures[i].image_id);
    } else {
      set.pictures.push_back(std::move(pictures[i]));
    }
  }
  if (set.pictures.empty()) throw base::FailedError(fmt::format("none of {} images can be used", file.images.size()), path);
  const bool has_boxes = std::ranges::any_of(set.pictures, [](const CocoPicture& picture) { return !picture.boxes.empty(); });
  if (split == Split::kTrain && !has_boxes) {
    std::string reasons;
    for (const LeftOut& left_out : set.drops.Describe()) reasons += fmt::format("; {}: {}", left_out.reason, left_out.names.size());
    throw base::FailedError(fmt::format("none of {} boxes can be learnt from{}", file.annotations.size(), reasons), path,
                            OtherBoxForm(file));
  }
  return set;
}

}  // namespace deepmad::data
