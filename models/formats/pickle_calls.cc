#include "models/formats/pickle_calls.h"

#include <algorithm>
#include <array>
namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

// Calls that only describe a value which no weight needs, so that it stays opaque. Numbers of NumPy, sets and times stand beside the
// state_dict in many checkpoints.
constexpr std::array<std::string_view, 33> kOpaqueCalls = {
    "_codecs.encode",
    "builtins.bytearray",
    "builtins.complex",
    "builtins.frozenset",
    "builtins.range",
    "builtins.set",
    "builtins.slice",
    "__builtin__.bytearray",
    "__builtin__.complex",
    "__builtin__.frozenset",
    "__builtin__.set",
    "__builtin__.slice",
    "collections.Counter",
    "collections.defaultdict",
    "collections.deque",
    "copy_reg._reconstructor",
    "copyreg._reconstructor",
    "datetime.date",
    "datetime.datetime",
    "datetime.timedelta",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.dtype",
    "pathlib.PosixPath",
    "pathlib._local.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib.WindowsPath",
    "torch._utils._rebuild_device_tensor_from_numpy",
    "torch._utils._rebuild_sparse_tensor",
    "torch.device",
    "torch.serialization._get_layout",
};

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
    if (function.kind != Kind::kName) Fail("it calls a " + pickle_.TypeName(function));
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
    if (!IsOpaque(name)) throw RefusedCall(name, where_);
    PickleValue value = function;
    value.kind = Kind::kOpaque;
    return value;
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

  static bool IsOpaque(const PickledName& name) {
    return std::any_of(kOpaqueCalls.begin(), kOpaqueCalls.end(), [&](std::string_view known) {
      return known.size() == name.module.size() + 1 + name.name.size() && known.starts_with(name.module) && known.ends_with(name.name) &&
             known[name.module.size()] == '.';
    });
  }

  PickleValue FirstAs(Kind kind, const PickleValue& arguments) {
    const PickleValue& first = pickle_.Item(arguments, 0);
    if (first.kind != kind && first.kind != Kind::kOpaque) Fail("a tensor is made of a " + pickle_.TypeName(first));
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
    if (storage.kind == Kind::kOpaque) return storage;
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

base::Error RefusedCall(const PickledName& function, const std::string& where) {
  return base::FailedError(
      "the pickle calls " + Shown(function.module) + "." + Shown(function.name) + ", which is not allowed; nothing was run", where,
      "save the state_dict alone: torch.save(model.state_dict(), FILE)");
}

PickleValue PickledPersistentId(Pickle& pickle, const PickleValue& id, const std::string& where) {
  return Caller(pickle, where).PersistentId(id);
}

}  // namespace deepmad::models
