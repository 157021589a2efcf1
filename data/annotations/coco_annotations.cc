#include "data/annotations/coco_annotations.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "data/annotations/json_forms.h"
#include "data/annotations/json_record.h"
#include "data/annotations/json_stream.h"

namespace deepmad::data {
namespace {

using Value = simdjson::ondemand::value;

int ToSide(std::string_view field, Value value, JsonForms& forms) {
  const int64_t side = forms.Int(field, value);
  if (side < 1 || side > std::numeric_limits<int>::max()) throw JsonFieldError(fmt::format("{}: expected at least 1, got {}", field, side));
  return static_cast<int>(side);
}

CocoImage ReadImage(JsonRecords& records, JsonForms& forms, std::string_view text, int64_t index) {
  CocoImage image;
  bool has_id = false;
  records.Read(text, index, [&](std::string_view field, Value value) {
    if (field == "id") {
      image.id = forms.Int(field, value);
      has_id = true;
    } else if (field == "width") {
      image.width = ToSide(field, value, forms);
    } else if (field == "height") {
      image.height = ToSide(field, value, forms);
    } else if (field == "file_name") {
      image.file_name = ToText(field, value);
    }
  });
  if (!has_id) throw records.Failure(text, index, "no id");
  return image;
}

CocoCategory ReadCategory(JsonRecords& records, JsonForms& forms, std::string_view text, int64_t index) {
  std::optional<int64_t> id;
  std::optional<std::string> name;
  records.Read(text, index, [&](std::string_view field, Value value) {
    if (field == "id") id = forms.Int(field, value);
    if (field == "name") name = ToText(field, value);
  });
  if (!id) throw records.Failure(text, index, "no id");
  return {*id, name ? *name : fmt::format("category {}", *id)};
}

// Of the mask: a number, or a list of the only part's; null where nobody computed it.
std::optional<double> ReadArea(std::string_view field, Value value, JsonForms& forms) {
  simdjson::ondemand::json_type type{};
  if (forms.IsNull(field, value)) return std::nullopt;
  if (value.type().get(type) != simdjson::SUCCESS || type != simdjson::ondemand::json_type::array) return forms.Number(field, value);
  std::optional<double> area;
  size_t parts = 0;
  for (auto part : value.get_array()) {
    area = forms.Number(field, part.value());
    ++parts;
  }
  if (parts != 1) throw JsonFieldError(fmt::format("{}: expected a number, got a list of {}", field, parts));
  return area;
}

CocoAnnotation ReadAnnotation(JsonRecords& records, JsonForms& forms, std::string_view text, int64_t index) {
  std::optional<int64_t> id, image, category;
  std::optional<std::array<double, 4>> box;
  std::optional<double> area;
  bool crowd = false;
  records.Read(text, index, [&](std::string_view field, Value value) {
    if (field == "id") {
      id = forms.Int(field, value);
    } else if (field == "image_id") {
      image = forms.Int(field, value);
    } else if (field == "category_id") {
      category = forms.Int(field, value);
    } else if (field == "bbox") {
      box = forms.FourNumbers(field, value);
    } else if (field == "area") {
      area = ReadArea(field, value, forms);
    } else if (field == "iscrowd") {
      crowd = !forms.IsNull(field, value) && forms.Flag(field, value);
    }
  });
  const char* absent = !id ? "id" : !image ? "image_id" : !category ? "category_id" : !box ? "bbox" : nullptr;
  if (absent != nullptr) throw records.Failure(text, index, fmt::format("no {}", absent));
  return {*id, *image, *category, *box, area ? *area : (*box)[2] * (*box)[3], crowd};
}

template <typename Item, typename ReadItem>
std::vector<Item> ReadList(JsonStream& stream, const std::string& kind, JsonForms& forms, const ReadItem& read_item) {
  JsonRecords records(stream.path(), kind);
  std::vector<Item> items;
  stream.EnterArray();
  for (int64_t index = 0; stream.NextElement(); ++index) {
    const std::string_view text = stream.Value();
    records.Collect([&] { items.push_back(read_item(records, forms, text, index)); });
  }
  records.ThrowCollected();
  return items;
}

template <typename Item>
int64_t IndexOf(const std::vector<Item>& items, int64_t id) {
  const auto found = std::lower_bound(items.begin(), items.end(), id, [](const Item& item, int64_t wanted) { return item.id < wanted; });
  return found != items.end() && found->id == id ? found - items.begin() : -1;
}

template <typename Item>
void SortById(std::vector<Item>& items, const char* kind, const std::string& path) {
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  const auto twice = std::adjacent_find(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id == b.id; });
  if (twice != items.end()) throw base::FailedError(fmt::format("two {} with id {}", kind, twice->id), path);
}

void CheckReferences(const CocoAnnotations& file, const std::string& path) {
  std::vector<int64_t> ids;
  ids.reserve(file.annotations.size());
  for (size_t i = 0; i < file.annotations.size(); ++i) {
    const CocoAnnotation& annotation = file.annotations[i];
    const auto fail = [&](const std::string& what) {
      return base::FailedError(fmt::format("annotation {} (id {}, image {}): {}", i, annotation.id, annotation.image_id, what), path);
    };
    if (file.ImageIndex(annotation.image_id) < 0) throw fail("its image is not among the images");
    if (file.CategoryIndex(annotation.category_id) < 0) {
      throw fail(fmt::format("its category {} is not among the categories", annotation.category_id));
    }
    ids.push_back(annotation.id);
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end()) throw base::FailedError(fmt::format("two annotations with id {}", *twice), path);
}

}  // namespace

int64_t CocoAnnotations::ImageIndex(int64_t id) const { return IndexOf(images, id); }
int64_t CocoAnnotations::CategoryIndex(int64_t id) const { return IndexOf(categories, id); }

CocoAnnotations ReadCocoAnnotations(const std::string& path) {
  JsonStream stream(path);
  JsonForms forms;
  std::optional<std::vector<CocoImage>> images;
  std::optional<std::vector<CocoAnnotation>> annotations;
  std::optional<std::vector<CocoCategory>> categories;
  stream.EnterObject();
  for (std::string name; stream.NextMember(&name);) {
    if ((name == "images" && images) || (name == "annotations" && annotations) || (name == "categories" && categories)) {
      throw stream.Broken(fmt::format("'{}' a second time", name));
    }
    if (name == "images") {
      images = ReadList<CocoImage>(stream, "image", forms, ReadImage);
    } else if (name == "annotations") {
      annotations = ReadList<CocoAnnotation>(stream, "annotation", forms, ReadAnnotation);
    } else if (name == "categories") {
      categories = ReadList<CocoCategory>(stream, "category", forms, ReadCategory);
    } else {
      stream.SkipValue();
    }
  }
  stream.End();
  const char* absent = !images ? "images" : !annotations ? "annotations" : !categories ? "categories" : nullptr;
  if (absent != nullptr) throw base::FailedError(fmt::format("no list of {}", absent), path, "give an annotation file in COCO's format");
  CocoAnnotations file{std::move(*images), std::move(*annotations), std::move(*categories)};
  SortById(file.images, "images", path);
  SortById(file.categories, "categories", path);
  CheckReferences(file, path);
  if (const std::string read = forms.Describe(); !read.empty()) base::LogInfo(fmt::format("{}: read as meant: {}", path, read));
  return file;
}

}  // namespace deepmad::data
