#include "models/formats/torch_checkpoint.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "models/formats/little_endian.h"
#include "models/formats/pickle.h"
#include "models/formats/state_dict_entries.h"
#include "models/formats/zip_archive.h"

namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

// A storage must be as long as the pickle says.
void CheckSize(const PickledStorage& storage, uint64_t bytes, const std::string& where) {
  if (storage.elements >= 0 && bytes % ElementSize(storage.type) == 0 &&
      bytes / ElementSize(storage.type) == static_cast<uint64_t>(storage.elements)) {
    return;
  }
  throw base::FailedError(
      "storage '" + Shown(storage.key) + "' has " + std::to_string(bytes) + " bytes, not " + std::to_string(storage.elements) + " elements",
      where);
}

// NAME/ of NAME/data.pkl.
std::string Folder(const std::vector<ZipRecord>& records, const std::string& where) {
  for (const ZipRecord& record : records) {
    const size_t slash = record.name.find('/');
    if (slash != std::string_view::npos && record.name.substr(slash) == "/data.pkl") return std::string(record.name.substr(0, slash + 1));
  }
  throw base::FailedError("a zip file, but not one of torch.save: it has no data.pkl", where);
}

constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

class LegacyReader {
 public:
  LegacyReader(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  StoredWeights Read(WeightSet set) {
    const Pickle magic = Next();
    if (magic.root.kind != Kind::kBytes || Pickle::Text(magic.root) != kMagic) {
      throw base::FailedError("a pickle that torch.save did not write", where_, "save it anew: torch.save(model.state_dict(), FILE)");
    }
    const Pickle version = Next();
    if (version.root.kind != Kind::kInteger || version.root.number != 1001) Fail("another version than 1001");
    const Pickle machine = Next();
    const PickleValue* little = machine.root.kind == Kind::kDict ? machine.Find(machine.root, "little_endian") : nullptr;
    if (little == nullptr || little->kind != Kind::kBool || little->number != 1) Fail("it comes from a big-endian machine");
    const Pickle content = Next();
    const Pickle keys = Next();
    ReadStorages(content, keys);
    return {StateDictEntries(
                content, set,
                [&](const PickledStorage& storage) {
                  const auto it = storages_.find(storage.key);
                  if (it == storages_.end()) Fail("storage '" + Shown(storage.key) + "' is missing");
                  CheckSize(storage, it->second.size(), where_);
                  return it->second;
                },
                where_),
            {}};
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const { throw base::FailedError("bad checkpoint: " + what, where_); }

  Pickle Next() {
    Pickle pickle = ReadPickle(rest_, where_);
    rest_.remove_prefix(pickle.size);
    return pickle;
  }

  // A storage's own number of elements counts as bytes only with the type that the content gives it.
  void ReadStorages(const Pickle& content, const Pickle& keys) {
    std::map<std::string_view, ElementType> types;
    for (const PickledStorage& storage : content.storages) types.emplace(storage.key, storage.type);
    if (keys.root.kind != Kind::kList) Fail("no list of storages");
    for (const PickleValue& key : keys.lists[static_cast<size_t>(keys.root.number)]) {
      if (key.kind != Kind::kText) Fail("the key of a storage is not text");
      const auto type = types.find(Pickle::Text(key));
      if (type == types.end()) Fail("storage '" + Shown(Pickle::Text(key)) + "' has no type");
      if (rest_.size() < 8) Fail("it is cut off");
      const uint64_t elements = LittleEndian(rest_, 0, 8), size = ElementSize(type->second);
      rest_.remove_prefix(8);
      if (elements > rest_.size() / size) Fail("storage '" + Shown(type->first) + "' is cut off");
      if (!storages_.emplace(type->first, rest_.substr(0, elements * size)).second) Fail("a storage stands twice");
      rest_.remove_prefix(elements * size);
    }
    if (!rest_.empty()) Fail("bytes behind the last storage");
  }

  std::string_view rest_;
  const std::string& where_;
  std::map<std::string_view, std::string_view> storages_;
};

}  // namespace

StoredWeights ReadTorchZip(std::string_view bytes, WeightSet set, const std::string& where,
                           const std::function<void(std::string_view)>& release) {
  const std::vector<ZipRecord> records = ReadZip(bytes, where);
  const std::string folder = Folder(records, where);
  if (FindRecord(records, folder + "constants.pkl") != nullptr) {
    throw base::FailedError("a TorchScript program, not a checkpoint", where, "save the state_dict: torch.save(model.state_dict(), FILE)");
  }
  if (const ZipRecord* order = FindRecord(records, folder + "byteorder"); order != nullptr && order->data != "little") {
    throw base::FailedError("its byte order is '" + Shown(order->data) + "', not little", where);
  }
  const ZipRecord& content = *FindRecord(records, folder + "data.pkl");
  CheckRecord(content, where, release);
  const Pickle pickle = ReadPickle(content.data, where);
  std::set<const ZipRecord*> checked;
  const auto find = [&](const PickledStorage& storage) {
    const ZipRecord* record = FindRecord(records, folder + "data/" + std::string(storage.key));
    if (record == nullptr) throw base::FailedError("bad checkpoint: storage '" + Shown(storage.key) + "' is missing", where);
    CheckSize(storage, record->data.size(), where);
    if (checked.insert(record).second) CheckRecord(*record, where, release);
    return record->data;
  };
  return {StateDictEntries(pickle, set, find, where), {}};
}

StoredWeights ReadTorchLegacy(std::string_view bytes, WeightSet set, const std::string& where) {
  return LegacyReader(bytes, where).Read(set);
}

}  // namespace deepmad::models
