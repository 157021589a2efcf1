// An annotation file in COCO's format: what is read is whole and refers only to what is there.
#include <cmath>
#include <cstdint>

#include "data/coco_annotations.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_file.h"

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
  });
  return 0;
}
