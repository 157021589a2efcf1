// What a tensor of a file must be, whatever the file says.
#pragma once

#include <cstdint>
#include <string_view>

#include "models/formats/stored_tensor.h"
#include "tests/fuzz/expect.h"

namespace deepmad::fuzz {

// Every tensor reads the bytes of the file that its shape and strides ask for.
inline void ExpectWithin(const models::StoredWeights& weights, std::string_view file) {
  for (const models::StoredTensor& tensor : weights.tensors) {
    Expect(tensor.shape.size() == tensor.strides.size(), "a stride a dimension");
    int64_t last = 0, elements = 1;
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
      elements *= tensor.shape[i];
      if (tensor.shape[i] > 0) last += (tensor.shape[i] - 1) * tensor.strides[i];
    }
    Expect(tensor.bytes.size() == (elements == 0 ? 0 : static_cast<size_t>(last + 1) * models::ElementSize(tensor.type)),
           "all its elements");
    if (elements == 0) continue;
    Expect(tensor.bytes.data() >= file.data() && tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size(),
           "bytes of the file");
  }
}

}  // namespace deepmad::fuzz
