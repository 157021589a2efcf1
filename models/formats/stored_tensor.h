// A tensor as it lies in a file: type, shape, strides and the bytes it reads. Free of torch, like all of this folder, so that the
// sanitizers and the fuzzers reach the readers of files that others made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deepmad::models {

enum class ElementType : uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kI8, kU8, kBool };

size_t ElementSize(ElementType type);  // bytes

// "F32", the name in safetensors; nullopt for a type that networks do not have.
std::optional<ElementType> ElementTypeNamed(std::string_view name);

constexpr size_t kMaxDimensions = 8;

struct StoredTensor {
  std::string name;
  ElementType type = ElementType::kF32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // elements, not negative
  std::string_view bytes;        // of the file: from the first element to the end of the last; at any address, aligned or not
};

struct StoredWeights {
  std::vector<StoredTensor> tensors;            // in the order of the file; no name twice
  std::map<std::string, std::string> metadata;  // of a safetensors file
};

// Strides of a row-major tensor.
std::vector<int64_t> ContiguousStrides(const std::vector<int64_t>& shape);

// Sets `bytes` to the part of `storage` that the tensor reads when its first element is element `offset`. FailedError naming tensor and
// `where` for negative sizes, strides or offsets, over kMaxDimensions, and elements outside the storage.
void PlaceInStorage(StoredTensor& tensor, int64_t offset, std::string_view storage, const std::string& where);

// Text of a file for a message: at most 80 characters, without control characters.
std::string Shown(std::string_view text);

}  // namespace deepmad::models
