#include "models/formats/pickle_machine.h"

#include <limits>

#include "base/error.h"
#include "models/formats/pickle_calls.h"

namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

}  // namespace

void PickleMachine::Fail(const std::string& what) const { throw base::FailedError("bad pickle: " + what, where_); }

void PickleMachine::Push(Kind kind, int64_t number, uint32_t length) {
  PickleValue value;
  value.kind = kind;
  value.length = length;
  value.number = number;
  stack_.push_back(value);
}

void PickleMachine::PushText(Kind kind, std::string_view text) {
  if (text.size() > std::numeric_limits<uint32_t>::max()) Fail("a text of over 4 GB");
  Push(kind, 0, static_cast<uint32_t>(text.size()));
  stack_.back().text = text.data();
}

void PickleMachine::PushName(std::string_view module, std::string_view name) {
  Push(Kind::kName, static_cast<int64_t>(pickle_.names.size()));
  pickle_.names.push_back({module, name});
}

void PickleMachine::PushOpaque(std::string_view module, std::string_view name) {
  PushName(module, name);
  Top().kind = Kind::kOpaque;
}

PickleValue& PickleMachine::Top() {
  if (stack_.empty() || stack_.back().kind == Kind::kMark) Fail("it takes more values than it gave");
  return stack_.back();
}

PickleValue PickleMachine::Pop() {
  const PickleValue value = Top();
  stack_.pop_back();
  return value;
}

size_t PickleMachine::AfterMark() const {
  for (size_t i = stack_.size(); i > 0; --i) {
    if (stack_[i - 1].kind == Kind::kMark) return i;
  }
  Fail("no mark where one is needed");
}

void PickleMachine::CutBackTo(size_t first) { stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end()); }

void PickleMachine::MakeTuple(size_t first, size_t keep) {
  const size_t begin = pickle_.tuples.size(), count = stack_.size() - first;
  for (size_t i = first; i < stack_.size(); ++i) {
    if (stack_[i].kind == Kind::kMark) Fail("a mark within a tuple");
    pickle_.tuples.push_back(stack_[i]);
  }
  CutBackTo(keep);
  Push(Kind::kTuple, static_cast<int64_t>(begin), static_cast<uint32_t>(count));
}

// What stands from `first` on goes into the list or opaque object before `below`.
void PickleMachine::Append(size_t first, size_t below) {
  if (below == 0) Fail("it appends to nothing");
  const PickleValue target = stack_[below - 1];
  if (target.kind == Kind::kList) {
    std::vector<PickleValue>& list = pickle_.lists[static_cast<size_t>(target.number)];
    for (size_t i = first; i < stack_.size(); ++i) list.push_back(stack_[i]);
    items_ += stack_.size() - first;
  } else if (!target.IsUnknown()) {
    Fail("it appends to a " + pickle_.TypeName(target));
  }
  CutBackTo(below);
}

void PickleMachine::SetItems(size_t first, size_t below) {
  if (below == 0) Fail("it sets an entry of nothing");
  if ((stack_.size() - first) % 2 != 0) Fail("a key without a value");
  const PickleValue target = stack_[below - 1];
  if (target.kind == Kind::kDict) {
    auto& dict = pickle_.dicts[static_cast<size_t>(target.number)];
    for (size_t i = first; i < stack_.size(); i += 2) dict.emplace_back(stack_[i], stack_[i + 1]);
    items_ += stack_.size() - first;
  } else if (!target.IsUnknown()) {
    Fail("it sets an entry of a " + pickle_.TypeName(target));
  }
  CutBackTo(below);
}

void PickleMachine::DropToMark() { CutBackTo(AfterMark() - 1); }

void PickleMachine::TupleToMark() {
  const size_t first = AfterMark();
  MakeTuple(first, first - 1);
}

void PickleMachine::TupleOf(size_t count) {
  if (stack_.size() < count) Fail("it takes more values than it gave");
  MakeTuple(stack_.size() - count, stack_.size() - count);
}

void PickleMachine::AppendToMark() {
  const size_t first = AfterMark();
  Append(first, first - 1);
}

void PickleMachine::AppendOne() {
  Top();
  Append(stack_.size() - 1, stack_.size() - 1);
}

void PickleMachine::SetItemsToMark() {
  const size_t first = AfterMark();
  SetItems(first, first - 1);
}

void PickleMachine::SetItem() {
  const PickleValue value = Pop(), key = Pop();
  stack_.insert(stack_.end(), {key, value});
  SetItems(stack_.size() - 2, stack_.size() - 2);
}

void PickleMachine::PushList() {
  Push(Kind::kList, static_cast<int64_t>(pickle_.lists.size()));
  pickle_.lists.emplace_back();
}

void PickleMachine::PushDict() {
  Push(Kind::kDict, static_cast<int64_t>(pickle_.dicts.size()));
  pickle_.dicts.emplace_back();
}

void PickleMachine::Put(uint64_t index, uint64_t limit) {
  const PickleValue value = Top();
  if (index >= limit) Fail("a memo number that is too large");
  PickleValue unset;
  unset.kind = Kind::kMark;
  if (index >= memo_.size()) memo_.resize(index + 1, unset);
  memo_[index] = value;
}

void PickleMachine::Get(uint64_t index) {
  if (index >= memo_.size() || memo_[index].kind == Kind::kMark) Fail("a memo number that was not given");
  stack_.push_back(memo_[index]);
}

void PickleMachine::MakeName() {
  const PickleValue name = Pop(), module = Pop();
  if (name.kind != Kind::kText || module.kind != Kind::kText) Fail("a name that is not text");
  PushName(Pickle::Text(module), Pickle::Text(name));
}

void PickleMachine::Call() {
  const PickleValue arguments = Pop(), function = Pop();
  const size_t dicts = pickle_.dicts.size();
  stack_.push_back(PickledCall(pickle_, function, arguments, where_));
  if (pickle_.dicts.size() > dicts) items_ += 2 * pickle_.dicts.back().size();  // made of a list
}

void PickleMachine::ReadPersistentId() {
  const PickleValue id = Pop();
  stack_.push_back(PickledPersistentId(pickle_, id, where_));
}

void PickleMachine::MakeObject(size_t arguments) {
  for (size_t i = 0; i < arguments; ++i) Pop();
  PickleValue& type = Top();
  if (type.kind != Kind::kName && !type.IsUnknown()) Fail("an object of a " + pickle_.TypeName(type));
  if (type.kind == Kind::kName) type.kind = Kind::kOpaque;
}

void PickleMachine::SetState() {
  Pop();
  Top();
}

void PickleMachine::CallToMark() {
  const size_t first = AfterMark();
  if (first == stack_.size() || (stack_[first].kind != Kind::kName && !stack_[first].IsUnknown()))
    Fail("it calls something that has no name");
  PickleValue call = stack_[first];
  call.kind = Kind::kCall;
  CutBackTo(first - 1);
  stack_.push_back(call);
}

void PickleMachine::CheckMemory(size_t pickle_size) const {
  const size_t values = stack_.size() + memo_.size() + pickle_.tuples.size() + items_;
  const size_t memory = values * sizeof(PickleValue) + pickle_.lists.size() * sizeof(pickle_.lists[0]) +
                        pickle_.dicts.size() * sizeof(pickle_.dicts[0]) + pickle_.names.size() * sizeof(PickledName) +
                        pickle_.storages.size() * sizeof(PickledStorage) + pickle_.tensors.size() * sizeof(PickledTensor);
  if (memory > kPickleMemory + kPickleMemoryShare * pickle_size)
    Fail("its values need more memory than those of any checkpoint of its size");
}

}  // namespace deepmad::models
