#include "models/formats/pickle.h"

#include "base/error.h"
#include "models/formats/little_endian.h"
#include "models/formats/pickle_machine.h"

namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

// Names as in Python's pickletools.
enum class Opcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersistentId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinUnicode = 'X',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kInst = 'i',
  kLongBinGet = 'j',
  kObj = 'o',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyTuple = ')',
  kEmptyList = ']',
  kEmptyDict = '}',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kLong4 = 0x8b,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kBinBytes8 = 0x8e,
  kEmptySet = 0x8f,
  kAddItems = 0x90,
  kFrozenSet = 0x91,
  kNewObjEx = 0x92,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
  kByteArray8 = 0x96,
};

class PickleReader {
 public:
  PickleReader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where), machine_(where) {}

  Pickle Read() {
    for (Opcode opcode = Next(); opcode != Opcode::kStop; opcode = Next()) {
      machine_.CheckMemory(bytes_.size());
      if (!ReadValue(opcode) && !Combine(opcode) && !Remember(opcode)) {
        Fail("opcode " + std::to_string(static_cast<int>(opcode)) + " is none that torch.save writes");
      }
    }
    Pickle& pickle = machine_.pickle();
    pickle.root = machine_.Pop();
    pickle.size = at_;
    return std::move(pickle);
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw base::FailedError("bad pickle at byte " + std::to_string(at_) + ": " + what, where_);
  }

  Opcode Next() { return static_cast<Opcode>(Number(1)); }
  std::string_view Take(uint64_t count) {
    if (count > bytes_.size() - at_) Fail("it is cut off");
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }
  uint64_t Number(size_t count) { return LittleEndian(Take(count), 0, count); }
  int64_t Signed(size_t count) { return static_cast<int64_t>(Number(count)); }
  std::string_view Line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) Fail("it is cut off");
    const std::string_view line = Take(end - at_);
    Take(1);
    return line;
  }
  void CheckProtocol() {
    const uint64_t protocol = Number(1);
    if (protocol < 2 || protocol > 5) Fail("protocol " + std::to_string(protocol));
  }

  // Opcodes that bring a value of their own; false for others.
  bool ReadValue(Opcode opcode) {
    // clang-format off
    switch (opcode) {
      case Opcode::kNone: machine_.Push(Kind::kNone); return true;
      case Opcode::kNewTrue: machine_.Push(Kind::kBool, 1); return true;
      case Opcode::kNewFalse: machine_.Push(Kind::kBool, 0); return true;
      case Opcode::kBinInt: machine_.Push(Kind::kInteger, static_cast<int32_t>(Number(4))); return true;
      case Opcode::kBinInt1: machine_.Push(Kind::kInteger, Signed(1)); return true;
      case Opcode::kBinInt2: machine_.Push(Kind::kInteger, Signed(2)); return true;
      case Opcode::kLong1: ReadLong(Number(1)); return true;
      case Opcode::kLong4: ReadLong(Number(4)); return true;
      case Opcode::kBinFloat: Take(8); machine_.Push(Kind::kFloat); return true;
      case Opcode::kShortBinString: case Opcode::kShortBinUnicode: ReadText(Kind::kText, 1); return true;
      case Opcode::kBinString: case Opcode::kBinUnicode: ReadText(Kind::kText, 4); return true;
      case Opcode::kBinUnicode8: ReadText(Kind::kText, 8); return true;
      case Opcode::kShortBinBytes: ReadText(Kind::kBytes, 1); return true;
      case Opcode::kBinBytes: ReadText(Kind::kBytes, 4); return true;
      case Opcode::kBinBytes8: case Opcode::kByteArray8: ReadText(Kind::kBytes, 8); return true;
      case Opcode::kEmptyTuple: machine_.Push(Kind::kTuple); return true;
      case Opcode::kEmptyList: machine_.PushList(); return true;
      case Opcode::kEmptyDict: machine_.PushDict(); return true;
      case Opcode::kEmptySet: machine_.PushOpaque("builtins", "set"); return true;
      case Opcode::kMark: machine_.Push(Kind::kMark); return true;
      case Opcode::kGlobal: ReadName(); return true;
      default: return false;
    }
    // clang-format on
  }

  // Opcodes that make one value of several.
  bool Combine(Opcode opcode) {
    // clang-format off
    switch (opcode) {
      case Opcode::kTuple: machine_.TupleToMark(); return true;
      case Opcode::kTuple1: machine_.TupleOf(1); return true;
      case Opcode::kTuple2: machine_.TupleOf(2); return true;
      case Opcode::kTuple3: machine_.TupleOf(3); return true;
      case Opcode::kAppend: machine_.AppendOne(); return true;
      case Opcode::kAppends: case Opcode::kAddItems: machine_.AppendToMark(); return true;
      case Opcode::kSetItem: machine_.SetItem(); return true;
      case Opcode::kSetItems: machine_.SetItemsToMark(); return true;
      case Opcode::kFrozenSet: machine_.DropToMark(); machine_.PushOpaque("builtins", "frozenset"); return true;
      case Opcode::kStackGlobal: machine_.MakeName(); return true;
      case Opcode::kReduce: machine_.Call(); return true;
      case Opcode::kBuild: machine_.SetState(); return true;
      case Opcode::kNewObj: machine_.MakeObject(1); return true;
      case Opcode::kNewObjEx: machine_.MakeObject(2); return true;
      case Opcode::kBinPersistentId: machine_.ReadPersistentId(); return true;
      case Opcode::kInst: ReadInstance(); return true;
      case Opcode::kObj: machine_.CallToMark(); return true;
      default: return false;
    }
    // clang-format on
  }

  // The rest: stack, memo, and what stands around the values.
  bool Remember(Opcode opcode) {
    // clang-format off
    switch (opcode) {
      case Opcode::kPop: machine_.Pop(); return true;
      case Opcode::kPopMark: machine_.DropToMark(); return true;
      case Opcode::kDup: machine_.Duplicate(); return true;
      case Opcode::kBinPut: machine_.Put(Number(1), bytes_.size()); return true;
      case Opcode::kLongBinPut: machine_.Put(Number(4), bytes_.size()); return true;
      case Opcode::kMemoize: machine_.Memoize(); return true;
      case Opcode::kBinGet: machine_.Get(Number(1)); return true;
      case Opcode::kLongBinGet: machine_.Get(Number(4)); return true;
      case Opcode::kProto: CheckProtocol(); return true;
      case Opcode::kFrame: Take(8); return true;
      default: return false;
    }
    // clang-format on
  }

  void ReadText(Kind kind, size_t size_bytes) { machine_.PushText(kind, Take(Number(size_bytes))); }
  // Two's complement; over 64 bits it stays bytes.
  void ReadLong(uint64_t size) {
    const std::string_view digits = Take(size);
    if (size > 8) return machine_.PushText(Kind::kBytes, digits);
    uint64_t value = LittleEndian(digits, 0, size);
    if (size > 0 && size < 8 && (digits.back() & 0x80) != 0) value |= ~uint64_t{0} << (8 * size);
    machine_.Push(Kind::kInteger, static_cast<int64_t>(value));
  }
  void ReadName() {
    const std::string_view module = Line();
    machine_.PushName(module, Line());
  }
  // A call in the manner of older protocols, its arguments behind a mark.
  void ReadInstance() {
    machine_.DropToMark();
    ReadName();
    machine_.Top().kind = Kind::kCall;
  }

  std::string_view bytes_;
  const std::string& where_;
  size_t at_ = 0;
  PickleMachine machine_;
};

}  // namespace

const PickleValue* Pickle::Find(const PickleValue& dict, std::string_view key) const {
  const auto& items = dicts[static_cast<size_t>(dict.number)];
  for (size_t i = items.size(); i-- > 0;) {
    if (items[i].first.kind == Kind::kText && Text(items[i].first) == key) return &items[i].second;
  }
  return nullptr;
}

std::string Pickle::TypeName(const PickleValue& value) const {
  switch (value.kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return "bool";
    case Kind::kInteger:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kText:
      return "str";
    case Kind::kBytes:
      return "bytes";
    case Kind::kName:
      return "class or function";
    case Kind::kTuple:
      return "tuple";
    case Kind::kList:
      return "list";
    case Kind::kDict:
      return "dict";
    case Kind::kStorage:
      return "storage";
    case Kind::kTensor:
      return "tensor";
    case Kind::kMark:
      return "mark";
    case Kind::kOpaque:
    case Kind::kCall:
      break;
  }
  const PickledName& name = names[static_cast<size_t>(value.number)];
  return (value.kind == Kind::kCall ? "call of " : "") + Shown(name.module) + "." + Shown(name.name);
}

Pickle ReadPickle(std::string_view bytes, const std::string& where) { return PickleReader(bytes, where).Read(); }

}  // namespace deepmad::models
