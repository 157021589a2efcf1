// What a Python pickle says, as data. Nothing in it is executed: the few callables that make up a state_dict are known here by name and
// rebuilt by our own code, and what any other call would give is a value of kind kCall, which nobody makes. So a checkpoint may hold the
// objects of any training program beside its weights. Protocols 2 to 5, as torch.save writes them (Python's pickletools.py describes the
// format).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/formats/stored_tensor.h"

namespace deepmad::models {

// 16 bytes, since a hostile pickle makes one of each of its bytes.
struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,     // number: 0 or 1
    kInteger,  // number
    kFloat,    // not kept
    kText,     // text, length: into the pickle
    kBytes,    // the same, for bytes and for integers over 64 bits (little-endian)
    kName,     // number: into Pickle::names; a class or function that the pickle mentions
    kTuple,    // number, length: into Pickle::tuples
    kList,     // number: into Pickle::lists
    kDict,     // number: into Pickle::dicts
    kStorage,  // number: into Pickle::storages
    kTensor,   // number: into Pickle::tensors
    kOpaque,   // number: into Pickle::names; an object of this class, not looked at
    kCall,     // number: into Pickle::names; what a call of this function would give
    kMark,     // while reading only
  };
  Kind kind = Kind::kNone;
  uint32_t length = 0;
  union {
    int64_t number = 0;
    const char* text;
  };

  // Whether nothing is known of it but a name.
  bool IsUnknown() const { return kind == Kind::kOpaque || kind == Kind::kCall; }
};

struct PickledName {
  std::string_view module, name;
};

struct PickledStorage {
  ElementType type;
  std::string_view key;  // name of the record in a zip file, number in a file of the older form
  int64_t elements;
};

// torch._utils._rebuild_tensor_v2, with shape and strides as tuples of the pickle.
struct PickledTensor {
  uint32_t storage;
  int64_t offset;
  PickleValue shape, strides;
};

struct Pickle {
  PickleValue root;
  size_t size = 0;  // bytes, with the last opcode: another pickle may follow
  std::deque<PickleValue> tuples;
  std::deque<std::vector<PickleValue>> lists;
  std::deque<std::vector<std::pair<PickleValue, PickleValue>>> dicts;
  std::deque<PickledName> names;
  std::deque<PickledStorage> storages;
  std::deque<PickledTensor> tensors;

  static std::string_view Text(const PickleValue& value) { return {value.text, value.length}; }
  const PickleValue& Item(const PickleValue& tuple, size_t i) const { return tuples[static_cast<size_t>(tuple.number) + i]; }
  // The last value under a key, as in Python; nullptr where there is none.
  const PickleValue* Find(const PickleValue& dict, std::string_view key) const;
  // "int", "my.nets.Net", "call of torch.device": for messages.
  std::string TypeName(const PickleValue& value) const;
};

// Reads the pickle at the start of `bytes`, which must outlive the result. FailedError with `where` for opcodes of other protocols, for
// what is cut off or inconsistent, and for a pickle whose values need more than kPickleMemory bytes of memory and kPickleMemoryShare for
// each of its own bytes, which no checkpoint comes near.
constexpr size_t kPickleMemory = size_t{1} << 24, kPickleMemoryShare = 16;
Pickle ReadPickle(std::string_view bytes, const std::string& where);

}  // namespace deepmad::models
