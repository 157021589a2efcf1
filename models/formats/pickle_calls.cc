#include "models/formats/pickle_calls.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

struct StorageClass {
  std::string_view name;
  ElementType type;
};
constexpr std::array<StorageClass, 10> kStorageClasses = {{{"DoubleStorage", ElementType::kF64},
                                                           {"FloatStorage", ElementType::kF32},
                                                           {"HalfStorage", ElementType::kF16},
                                                           {"BFloat16Storage", ElementType::kBF16},
                                                           {"LongStorage", ElementType::kI64},
                                                           {"IntStorage", ElementType::kI32},
                                                           {"ShortStorage", ElementType::kI16},
                                                           {"CharStorage", ElementType::kI8},
                                                           {"ByteStorage", ElementType::kU8},
                                                           {"BoolStorage", ElementType::kBool}}};

class Caller {
 public:
  Caller(Pickle& pickle, const std::string& where) : pickle_(pickle), where_(where) {}

  PickleValue Call(const PickleValue& function, const PickleValue& arguments) {
    if (function.IsUnknown()) return CallOf(function);
    if (function.kind != Kind::kName) Fail("it calls a " + pickle_.TypeName(function));
    if (arguments.IsUnknown()) return CallOf(function);
    if (arguments.kind != Kind::kTuple) Fail("it calls something without a list of arguments");
    const PickledName& name = pickle_.names[static_cast<size_t>(function.number)];
    const auto is = [&](std::string_view module, std::string_view function_name) {
      return name.module == module && name.name == function_name;
    };
    const size_t count = arguments.length;
    if (is("collections", "OrderedDict")) return OrderedDict(arguments);
    if (is("torch._utils", "_rebuild_tensor_v2") && count >= 6) return Tensor(arguments);
    if (is("torch._utils", "_rebuild_tensor") && count == 4) return Tensor(arguments);
    if (is("torch._utils", "_rebuild_parameter") && count == 3) return FirstAs(Kind::kTensor, arguments);
    if (is("torch._utils", "_rebuild_parameter_with_state") && count == 4) return FirstAs(Kind::kTensor, arguments);
    if (is("torch", "Size") && count == 1) return FirstAs(Kind::kTuple, arguments);
    if (is("torch._tensor", "_rebuild_from_type_v2") && count == 4) return FromType(arguments);
    return CallOf(function);
  }

  PickleValue PersistentId(const PickleValue& id) {
    const bool older = id.kind == Kind::kTuple && id.length == 6;
    if (id.kind != Kind::kTuple || (id.length != 5 && !older)) Fail("a persistent id that is not a storage's");
    const PickleValue &word = pickle_.Item(id, 0), &type = pickle_.Item(id, 1), &key = pickle_.Item(id, 2), &elements = pickle_.Item(id, 4);
    if (word.kind != Kind::kText || Pickle::Text(word) != "storage" || type.kind != Kind::kName || key.kind != Kind::kText ||
        elements.kind != Kind::kInteger) {
      Fail("a persistent id that is not a storage's");
    }
    if (older && pickle_.Item(id, 5).kind != Kind::kNone) Fail("a view of a storage, as PyTorch 0.3 wrote them");
    const PickledName& name = pickle_.names[static_cast<size_t>(type.number)];
    const auto known = std::find_if(kStorageClasses.begin(), kStorageClasses.end(),
                                    [&](const StorageClass& storage) { return storage.name == name.name && name.module == "torch"; });
    PickleValue value;
    value.kind = Kind::kStorage;
    if (known == kStorageClasses.end()) {
      value = type;
      value.kind = Kind::kOpaque;
      return value;
    }
    value.number = static_cast<int64_t>(pickle_.storages.size());
    pickle_.storages.push_back({known->type, Pickle::Text(key), elements.number});
    return value;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const { throw base::FailedError("bad pickle: " + what, where_); }

  static PickleValue CallOf(PickleValue function) {
    function.kind = Kind::kCall;
    return function;
  }

  PickleValue FirstAs(Kind kind, const PickleValue& arguments) {
    const PickleValue& first = pickle_.Item(arguments, 0);
    if (first.kind != kind && !first.IsUnknown()) Fail("a tensor is made of a " + pickle_.TypeName(first));
    return first;
  }

  // OrderedDict(), or of a list of pairs.
  PickleValue OrderedDict(const PickleValue& arguments) {
    std::vector<std::pair<PickleValue, PickleValue>> items;
    if (arguments.length > 0) {
      const PickleValue& list = pickle_.Item(arguments, 0);
      if (arguments.length > 1 || list.kind != Kind::kList) Fail("an OrderedDict of other arguments than a list");
      for (const PickleValue& pair : pickle_.lists[static_cast<size_t>(list.number)]) items.push_back(Pair(pair));
    }
    PickleValue value;
    value.kind = Kind::kDict;
    value.number = static_cast<int64_t>(pickle_.dicts.size());
    pickle_.dicts.push_back(std::move(items));
    return value;
  }

  std::pair<PickleValue, PickleValue> Pair(const PickleValue& pair) {
    if (pair.kind == Kind::kTuple && pair.length == 2) return {pickle_.Item(pair, 0), pickle_.Item(pair, 1)};
    if (pair.kind == Kind::kList && pickle_.lists[static_cast<size_t>(pair.number)].size() == 2) {
      const std::vector<PickleValue>& list = pickle_.lists[static_cast<size_t>(pair.number)];
      return {list[0], list[1]};
    }
    Fail("an OrderedDict of something else than pairs");
  }

  PickleValue Tensor(const PickleValue& arguments) {
    const PickleValue &storage = pickle_.Item(arguments, 0), &offset = pickle_.Item(arguments, 1);
    const PickleValue &shape = pickle_.Item(arguments, 2), &strides = pickle_.Item(arguments, 3);
    if (storage.IsUnknown()) return storage;
    if (storage.kind != Kind::kStorage || offset.kind != Kind::kInteger || !IsIntegers(shape) || !IsIntegers(strides)) {
      Fail("a tensor of other arguments than storage, offset, shape and strides");
    }
    PickleValue value;
    value.kind = Kind::kTensor;
    value.number = static_cast<int64_t>(pickle_.tensors.size());
    pickle_.tensors.push_back({static_cast<uint32_t>(storage.number), offset.number, shape, strides});
    return value;
  }

  bool IsIntegers(const PickleValue& tuple) const {
    if (tuple.kind != Kind::kTuple || tuple.length > kMaxDimensions) return false;
    for (size_t i = 0; i < tuple.length; ++i) {
      if (pickle_.Item(tuple, i).kind != Kind::kInteger) return false;
    }
    return true;
  }

  // (function, type, arguments, state): a tensor with attributes of its own. One level deep: a function that is itself this one is refused.
  PickleValue FromType(const PickleValue& arguments) {
    const PickleValue function = pickle_.Item(arguments, 0), inner = pickle_.Item(arguments, 2);
    if (function.kind == Kind::kName && pickle_.names[static_cast<size_t>(function.number)].name == "_rebuild_from_type_v2") {
      Fail("a tensor's type within a tensor's type");
    }
    return Call(function, inner);
  }

  Pickle& pickle_;
  const std::string& where_;
};

}  // namespace

PickleValue PickledCall(Pickle& pickle, const PickleValue& function, const PickleValue& arguments, const std::string& where) {
  return Caller(pickle, where).Call(function, arguments);
}

PickleValue PickledPersistentId(Pickle& pickle, const PickleValue& id, const std::string& where) {
  return Caller(pickle, where).PersistentId(id);
}

}  // namespace deepmad::models
