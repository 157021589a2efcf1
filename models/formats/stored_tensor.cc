#include "models/formats/stored_tensor.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/error.h"

namespace deepmad::models {
namespace {

struct TypeFacts {
  ElementType type;
  std::string_view name;
  size_t size;
};

constexpr std::array<TypeFacts, 10> kTypes = {{{ElementType::kF64, "F64", 8},
                                               {ElementType::kF32, "F32", 4},
                                               {ElementType::kF16, "F16", 2},
                                               {ElementType::kBF16, "BF16", 2},
                                               {ElementType::kI64, "I64", 8},
                                               {ElementType::kI32, "I32", 4},
                                               {ElementType::kI16, "I16", 2},
                                               {ElementType::kI8, "I8", 1},
                                               {ElementType::kU8, "U8", 1},
                                               {ElementType::kBool, "BOOL", 1}}};

}  // namespace

size_t ElementSize(ElementType type) {
  return std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeFacts& facts) { return facts.type == type; })->size;
}

std::optional<ElementType> ElementTypeNamed(std::string_view name) {
  for (const TypeFacts& facts : kTypes) {
    if (facts.name == name) return facts.type;
  }
  return std::nullopt;
}

std::vector<int64_t> ContiguousStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {  // what overflows is too large a shape, for PlaceInStorage to refuse
    std::ignore = __builtin_mul_overflow(strides[i], std::max<int64_t>(shape[i], 1), &strides[i - 1]);
  }
  return strides;
}

void PlaceInStorage(StoredTensor& tensor, int64_t offset, std::string_view storage, const std::string& where) {
  const auto fail = [&](const char* what) { throw base::FailedError("tensor '" + Shown(tensor.name) + "': " + what, where); };
  if (tensor.shape.size() > kMaxDimensions) fail("too many dimensions");
  if (tensor.shape.size() != tensor.strides.size()) fail("its shape and its strides differ in length");
  int64_t last = offset, count = 1;
  bool empty = false;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    const int64_t size = tensor.shape[i], stride = tensor.strides[i];
    if (size < 0 || stride < 0) fail("a negative size or stride");
    empty = empty || size == 0;
    int64_t reach = 0;
    if (__builtin_mul_overflow(count, std::max<int64_t>(size, 1), &count)) fail("its shape is too large");
    if (__builtin_mul_overflow(std::max<int64_t>(size, 1) - 1, stride, &reach) || __builtin_add_overflow(last, reach, &last)) {
      fail("its strides are too large");
    }
  }
  if (offset < 0) fail("a negative offset");
  const size_t size = ElementSize(tensor.type);
  if (empty) {
    tensor.bytes = {};
    return;
  }
  if (static_cast<uint64_t>(last) >= storage.size() / size) fail("it reaches outside its data");
  tensor.bytes = storage.substr(static_cast<size_t>(offset) * size, static_cast<size_t>(last - offset + 1) * size);
}

std::string Shown(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string shown(text.substr(0, kLongest));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }, '?');
  return text.size() > kLongest ? shown + "..." : shown;
}

}  // namespace deepmad::models
