#include "models/formats/state_dict_entries.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/log.h"

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

constexpr const char* kSave = "save the state_dict alone: torch.save(model.state_dict(), FILE)";
constexpr const char* kNotRun = "nothing in it was run; save the state_dict alone: torch.save(model.state_dict(), FILE)";

const char* HintFor(const PickleValue& value) { return value.kind == Kind::kCall ? kNotRun : kSave; }

// The names under which training programs put weights into a checkpoint, the likelier ones first.
constexpr std::array kTrained = {"state_dict", "model", "model_state_dict", "model_state", "net", "network", "module", "weights", "params"};
constexpr std::array kAveraged = {"state_dict_ema", "model_ema",  "ema",       "ema_state_dict", "model_ema_state_dict",
                                  "ema_model",      "params_ema", "swa_model", "averaged_model"};

class StateDictFinder {
 public:
  StateDictFinder(const Pickle& pickle, const std::string& where) : pickle_(pickle), where_(where) {}

  PickleValue Find(WeightSet set) const {
    const PickleValue& root = pickle_.root;
    if (root.kind != Kind::kDict) {
      throw base::FailedError("it holds a " + pickle_.TypeName(root) + ", not a state_dict", where_, HintFor(root));
    }
    const PickleValue* averaged = Under(root, kAveraged);
    if (set == WeightSet::kAveraged) {
      if (averaged != nullptr) return *averaged;
      throw base::UsageError("no averaged weights (state_dict_ema) in it; it holds " + Entries(pickle_, root), where_, "leave out --ema");
    }
    if (const PickleValue* trained = Under(root, kTrained)) return *trained;
    if (HoldsTensors(pickle_, root)) return root;
    if (averaged != nullptr) return *averaged;
    return TheOnlyOne(root);
  }

 private:
  static constexpr int kDeepest = 3;  // {"ema": {"module": {...}}}

  template <size_t count>
  const PickleValue* Under(const PickleValue& dict, const std::array<const char*, count>& names, int depth = 1) const {
    for (const char* name : names) {
      const PickleValue* value = pickle_.Find(dict, name);
      if (value == nullptr || value->kind != Kind::kDict) continue;
      if (HoldsTensors(pickle_, *value)) return value;
      const PickleValue* inner = depth < kDeepest ? Under(*value, kTrained, depth + 1) : nullptr;
      if (inner != nullptr) return inner;
    }
    return nullptr;
  }

  // Under a name that nobody is known to use; which of several is meant would be a guess.
  PickleValue TheOnlyOne(const PickleValue& root) const {
    std::vector<const std::pair<PickleValue, PickleValue>*> found;
    for (const auto& item : pickle_.dicts[static_cast<size_t>(root.number)]) {
      if (item.second.kind == Kind::kDict && HoldsTensors(pickle_, item.second)) found.push_back(&item);
    }
    if (found.size() != 1) {
      throw base::FailedError(
          std::string(found.empty() ? "no state_dict" : "several state_dicts") + " in it; it holds " + Entries(pickle_, root), where_,
          kSave);
    }
    const auto& [key, value] = *found.front();
    const std::string shown = key.kind == Kind::kText ? Shown(Pickle::Text(key)) : "a " + pickle_.TypeName(key);
    base::LogInfo(where_ + ": the weights are those under '" + shown + "'");
    return value;
  }

  const Pickle& pickle_;
  const std::string& where_;
};

}  // namespace

std::vector<StoredTensor> StateDictEntries(const Pickle& pickle, WeightSet set, const FindStorage& find, const std::string& where) {
  const PickleValue dict = StateDictFinder(pickle, where).Find(set);
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
                              HintFor(value));
    }
    if (!names.insert(name).second) throw base::FailedError("two tensors are called '" + Shown(name) + "'", where);
    const PickledTensor& pickled = pickle.tensors[static_cast<size_t>(value.number)];
    const PickledStorage& storage = pickle.storages[pickled.storage];
    StoredTensor tensor{std::string(name), storage.type, integers(pickled.shape), integers(pickled.strides), {}};
    PlaceInStorage(tensor, pickled.offset, find(storage), where);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace deepmad::models
