#include "models/formats/state_dict_entries.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

// "epoch (int), args (argparse.Namespace)", at most eight.
std::string Entries(const Pickle& pickle, const PickleValue& dict) {
  constexpr size_t kShown = 8;
  std::string text;
  const auto& items = pickle.dicts[static_cast<size_t>(dict.number)];
  for (size_t i = 0; i < std::min(kShown, items.size()); ++i) {
    const PickleValue& key = items[i].first;
    text += (i > 0 ? ", " : "") + (key.kind == Kind::kText ? Shown(Pickle::Text(key)) : "a " + pickle.TypeName(key));
    text += " (" + pickle.TypeName(items[i].second) + ")";
  }
  return items.empty() ? "nothing" : text + (items.size() > kShown ? ", ..." : "");
}

bool HoldsTensors(const Pickle& pickle, const PickleValue& dict) {
  const auto& items = pickle.dicts[static_cast<size_t>(dict.number)];
  return std::any_of(items.begin(), items.end(), [](const auto& item) { return item.second.kind == Kind::kTensor; });
}

PickleValue FindStateDict(const Pickle& pickle, WeightSet set, const std::string& where) {
  const PickleValue& root = pickle.root;
  if (root.kind != Kind::kDict) {
    throw base::FailedError("it holds a " + pickle.TypeName(root) + ", not a state_dict", where,
                            "save the state_dict: torch.save(model.state_dict(), FILE)");
  }
  const auto under = [&](std::initializer_list<const char*> names) -> const PickleValue* {
    for (const char* name : names) {
      if (const PickleValue* value = pickle.Find(root, name); value != nullptr && value->kind == Kind::kDict) return value;
    }
    return nullptr;
  };
  const PickleValue* averaged = under({"state_dict_ema", "model_ema"});
  if (set == WeightSet::kAveraged) {
    if (averaged != nullptr) return *averaged;
    throw base::UsageError("no averaged weights (state_dict_ema) in it; it holds " + Entries(pickle, root), where, "leave out --ema");
  }
  if (const PickleValue* trained = under({"state_dict", "model"})) return *trained;
  if (HoldsTensors(pickle, root)) return root;
  if (averaged != nullptr) return *averaged;
  throw base::FailedError("no state_dict in it; it holds " + Entries(pickle, root), where,
                          "save the state_dict: torch.save(model.state_dict(), FILE)");
}

void TakeOffPrefix(std::vector<StoredTensor>& tensors, std::string_view prefix) {
  const bool all = std::all_of(tensors.begin(), tensors.end(), [&](const StoredTensor& tensor) { return tensor.name.starts_with(prefix); });
  if (!all) return;
  for (StoredTensor& tensor : tensors) tensor.name.erase(0, prefix.size());
}

}  // namespace

std::vector<StoredTensor> StateDictEntries(const Pickle& pickle, WeightSet set, const FindStorage& find, const std::string& where) {
  const PickleValue dict = FindStateDict(pickle, set, where);
  const auto integers = [&](const PickleValue& tuple) {
    std::vector<int64_t> values;
    values.reserve(tuple.length);
    for (size_t i = 0; i < tuple.length; ++i) values.push_back(pickle.Item(tuple, i).number);
    return values;
  };
  std::vector<StoredTensor> tensors;
  std::set<std::string_view> names;
  for (const auto& [key, value] : pickle.dicts[static_cast<size_t>(dict.number)]) {
    if (key.kind != Kind::kText) throw base::FailedError("a name in its state_dict is a " + pickle.TypeName(key), where);
    const std::string_view name = Pickle::Text(key);
    if (value.kind != Kind::kTensor) {
      throw base::FailedError("'" + Shown(name) + "' in its state_dict is a " + pickle.TypeName(value) + ", not a tensor", where,
                              "save the state_dict alone: torch.save(model.state_dict(), FILE)");
    }
    if (!names.insert(name).second) throw base::FailedError("two tensors are called '" + Shown(name) + "'", where);
    const PickledTensor& pickled = pickle.tensors[static_cast<size_t>(value.number)];
    const PickledStorage& storage = pickle.storages[pickled.storage];
    StoredTensor tensor{std::string(name), storage.type, integers(pickled.shape), integers(pickled.strides), {}};
    PlaceInStorage(tensor, pickled.offset, find(storage), where);
    tensors.push_back(std::move(tensor));
  }
  for (const char* prefix : {"module.", "_orig_mod."}) TakeOffPrefix(tensors, prefix);
  return tensors;
}

}  // namespace deepmad::models
