#include "models/weights/weights_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>

#include <cstring>
#include <memory>
#include <utility>

#include "base/file_map.h"

namespace deepmad::models {
namespace {

at::ScalarType ScalarTypeOf(ElementType type) {
  switch (type) {
    case ElementType::kF64:
      return at::kDouble;
    case ElementType::kF32:
      return at::kFloat;
    case ElementType::kF16:
      return at::kHalf;
    case ElementType::kBF16:
      return at::kBFloat16;
    case ElementType::kI64:
      return at::kLong;
    case ElementType::kI32:
      return at::kInt;
    case ElementType::kI16:
      return at::kShort;
    case ElementType::kI8:
      return at::kChar;
    case ElementType::kU8:
      return at::kByte;
    case ElementType::kBool:
      break;
  }
  return at::kBool;
}

at::Tensor Read(const StoredTensor& stored, const std::shared_ptr<const base::FileMap>& file) {
  const at::TensorOptions options = at::TensorOptions().dtype(ScalarTypeOf(stored.type));
  if (stored.bytes.empty()) return at::empty(stored.shape, options);
  if (reinterpret_cast<uintptr_t>(stored.bytes.data()) % ElementSize(stored.type) != 0) {  // the older form of torch.save aligns nothing
    const at::Tensor tensor = at::empty_strided(stored.shape, stored.strides, options);
    std::memcpy(tensor.mutable_data_ptr(), stored.bytes.data(), stored.bytes.size());
    file->Release(stored.bytes);
    return tensor;
  }
  // Nobody writes to it: the pages are read-only.
  return at::from_blob(
      const_cast<char*>(stored.bytes.data()), stored.shape, stored.strides, [file, bytes = stored.bytes](void*) { file->Release(bytes); },
      options);
}

StoredTensor Rows(StoredTensor tensor, int64_t begin, int64_t end) {
  if (tensor.shape.empty()) return tensor;
  const std::string_view all = tensor.bytes;
  tensor.shape[0] = end - begin;
  PlaceInStorage(tensor, begin * tensor.strides[0], all, "");
  return tensor;
}

}  // namespace

WeightsFile OpenWeights(const WeightsPlace& place) {
  const std::shared_ptr<const base::FileMap> file = base::FileMap::Open(place.file);
  StoredWeights stored = ReadStoredWeights(file->bytes(), place.set, place.file, [&](std::string_view part) { file->Release(part); });
  WeightsFile result{{}, std::move(stored.metadata)};
  result.entries.reserve(stored.tensors.size());
  for (StoredTensor& tensor : stored.tensors) {
    WeightsEntry entry{tensor.name, ScalarTypeOf(tensor.type), tensor.shape, {}};
    entry.read = [tensor = std::move(tensor), file](int64_t begin, int64_t end) { return Read(Rows(tensor, begin, end), file); };
    result.entries.push_back(std::move(entry));
  }
  return result;
}

}  // namespace deepmad::models
