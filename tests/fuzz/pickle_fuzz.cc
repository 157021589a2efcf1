// A pickle: whatever it says, nothing is run, and the values that come out stand within the file.
#include <cstdint>
#include <string_view>

#include "models/formats/pickle.h"
#include "tests/fuzz/expect.h"
#include "tests/fuzz/memory_peak.h"

namespace {

using namespace deepmad;
using Kind = models::PickleValue::Kind;

void Look(const models::Pickle& pickle, const models::PickleValue& value, std::string_view bytes) {
  fuzz::Expect(!pickle.TypeName(value).empty() && value.kind != Kind::kMark, "a value");
  if (value.kind == Kind::kText || value.kind == Kind::kBytes) {
    const std::string_view text = models::Pickle::Text(value);
    fuzz::Expect(text.data() >= bytes.data() && text.data() + text.size() <= bytes.data() + bytes.size(), "text of the file");
  }
  if (value.kind == Kind::kTuple) {
    for (size_t i = 0; i < value.length; ++i) fuzz::Expect(pickle.Item(value, i).kind != Kind::kMark, "a tuple of values");
  }
}

void Read(std::string_view bytes) {
  const models::Pickle pickle = models::ReadPickle(bytes, "fuzz.pkl");
  fuzz::Expect(pickle.size > 0 && pickle.size <= bytes.size(), "the pickle ends within the file");
  Look(pickle, pickle.root, bytes);
  for (const auto& list : pickle.lists) {
    for (const models::PickleValue& value : list) Look(pickle, value, bytes);
  }
  for (const auto& dict : pickle.dicts) {
    for (const auto& [key, value] : dict) Look(pickle, key, bytes), Look(pickle, value, bytes);
  }
  for (const models::PickledTensor& tensor : pickle.tensors) {
    fuzz::Expect(tensor.storage < pickle.storages.size(), "a tensor of a storage");
    Look(pickle, tensor.shape, bytes), Look(pickle, tensor.strides, bytes);
  }
  if (pickle.root.kind == Kind::kDict) pickle.Find(pickle.root, "state_dict");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::MemoryPeak peak;
  fuzz::MayFail(base::ErrorKind::kFailed, [&] { Read({reinterpret_cast<const char*>(data), size}); });
  fuzz::ExpectSmall(peak, size, 64);
  return 0;
}
