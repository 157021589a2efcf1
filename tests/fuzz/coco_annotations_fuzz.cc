// An annotation file in COCO's format: what is read is whole and refers only to what is there, and the boxes that a detector would get are
// inside its input.
#include <cmath>
#include <cstdint>

#include "data/annotations/coco_annotations.h"
#include "data/datasets/coco_selection.h"
#include "data/inputs/boxes_preparation.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_file.h"

namespace deepmad::fuzz {
namespace {

void CheckSet(const data::CocoAnnotations& file, data::Split split, const std::string& path) {
  const data::CocoSet set = data::SelectCoco(file, split, path);
  constexpr data::Size kInput{480, 640};
  for (const data::CocoPicture& picture : set.pictures) {
    Expect(picture.width > 0 && picture.height > 0 && !picture.file_name.empty(), "pictures have sizes and names");
    for (const data::LabelledBox& box : picture.boxes) {
      Expect(box.label >= 0 && box.label < static_cast<int64_t>(set.class_names.size()), "classes are there");
      for (const bool mirrored : {false, true}) {
        const data::LabelledBox moved = data::BoxInInput(box, {picture.height, picture.width}, kInput, mirrored);
        Expect(moved.left >= 0 && moved.left <= moved.right && moved.right <= kInput.width, "boxes inside, across");
        Expect(moved.top >= 0 && moved.top <= moved.bottom && moved.bottom <= kInput.height, "boxes inside, down");
      }
    }
  }
  for (const data::LeftOut& left_out : set.drops.Describe()) Expect(!left_out.names.empty(), "reasons have names");
}

}  // namespace
}  // namespace deepmad::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace deepmad;
  const fuzz::MemoryFile input(data, size);
  fuzz::MayFail(base::ErrorKind::kFailed, [&] {
    const data::CocoAnnotations file = data::ReadCocoAnnotations(input.path());
    for (size_t i = 1; i < file.images.size(); ++i) fuzz::Expect(file.images[i - 1].id < file.images[i].id, "images by ascending id");
    for (const data::CocoImage& image : file.images) fuzz::Expect(image.width >= 0 && image.height >= 0, "sides of images");
    for (size_t i = 1; i < file.categories.size(); ++i) {
      fuzz::Expect(file.categories[i - 1].id < file.categories[i].id, "categories by ascending id");
    }
    for (const data::CocoAnnotation& annotation : file.annotations) {
      fuzz::Expect(file.ImageIndex(annotation.image_id) >= 0 && file.CategoryIndex(annotation.category_id) >= 0,
                   "images and categories are there");
      for (const double side : annotation.box) fuzz::Expect(std::isfinite(side), "finite boxes");
    }
    for (const data::Split split : {data::Split::kTrain, data::Split::kValidation}) {
      fuzz::MayFail(base::ErrorKind::kFailed, [&] { fuzz::CheckSet(file, split, input.path()); });
    }
  });
  return 0;
}
