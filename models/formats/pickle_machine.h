// The stack and the memo that the opcodes of a pickle work on.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "models/formats/pickle.h"

namespace deepmad::models {

// Every member throws FailedError where the pickle asks for what is not there.
class PickleMachine {
 public:
  explicit PickleMachine(const std::string& where) : where_(where) {}

  Pickle& pickle() { return pickle_; }

  void Push(PickleValue::Kind kind, int64_t number = 0, uint32_t length = 0);
  void PushText(PickleValue::Kind kind, std::string_view text);
  void PushName(std::string_view module, std::string_view name);
  void PushOpaque(std::string_view module, std::string_view name);  // an object of this class
  PickleValue Pop();
  PickleValue& Top();
  void Duplicate() { stack_.push_back(Top()); }

  // What stands behind the last mark, which goes too.
  void DropToMark();
  void TupleToMark();
  void AppendToMark();
  void SetItemsToMark();
  // The last values of the stack.
  void TupleOf(size_t count);
  void AppendOne();
  void SetItem();

  void PushList();
  void PushDict();

  // `limit`: memo numbers lie below it; each one that is used takes a byte of the pickle at least.
  void Put(uint64_t index, uint64_t limit);
  void Memoize() { memo_.push_back(Top()); }
  void Get(uint64_t index);

  // A name from two texts.
  void MakeName();
  // The value of a call: models/formats/pickle_calls.h.
  void Call();
  void ReadPersistentId();
  // An object of a class, made without calling anything of it; its arguments are dropped, and the state it is given.
  void MakeObject(size_t arguments);
  void SetState();
  // A call in the manner of older protocols: class and arguments behind a mark.
  void CallToMark();

  // Whether the values fit the memory that a pickle of this size may take (models/formats/pickle.h).
  void CheckMemory(size_t pickle_size) const;

 private:
  [[noreturn]] void Fail(const std::string& what) const;
  size_t AfterMark() const;
  void CutBackTo(size_t first);
  void MakeTuple(size_t first, size_t keep);
  void Append(size_t first, size_t below);
  void SetItems(size_t first, size_t below);

  const std::string& where_;
  Pickle pickle_;
  std::deque<PickleValue> stack_, memo_;  // a deque never holds its values twice to grow
  size_t items_ = 0;                      // in all lists, and twice those in all dictionaries
};

}  // namespace deepmad::models
