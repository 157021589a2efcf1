#include "models/formats/pickle.h"

#include <filesystem>

#include "tests/models/formats/checkpoint_writer.h"
#include "tests/models/formats/refusal.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

using Kind = PickleValue::Kind;

std::string RefusalOf(const std::string& bytes) {
  return RefusalBy([&] { ReadPickle(bytes, "w.pth"); });
}
std::string Refusal(const std::string& code) { return RefusalOf(WholePickle(code)); }

int64_t Integer(const Pickle& pickle, const char* key) { return pickle.Find(pickle.root, key)->number; }

// As pickle.dumps writes it with protocols 2 and 4: {"a": [1, -2, 70000, 2**40, -1], "b": ("x", None, True, 2.5)}.
TEST(Pickle, ReadsPlainValuesOfAllProtocols) {
  const std::string old_list =
      "]q\1(K\1J" + Bytes(0xfffffffe, 4) + "J" + Bytes(70000, 4) + std::string("\x8a\6\0\0\0\0\0\1\x8a\1\xff", 11) + "e";
  const std::string old =
      "}q\2(" + PickledText("a") + old_list + PickledText("b") + "(" + PickledText("x") + "N\x88G" + std::string(8, '@') + "tu";
  const std::string list = "]\x94(K\1J" + Bytes(0xfffffffe, 4) + "M" + Bytes(7, 2) + "e";
  const std::string code = "\x95" + Bytes(99, 8) + "}\x94(\x8c\1a\x94" + list + "\x8c\1b\x94\x8c\1x\x94N\x88\x87\x94u";
  const std::string bytes = WholePickle(old) + "rest";
  const Pickle pickle = ReadPickle(bytes, "w.pth");
  EXPECT_EQ(pickle.size, bytes.size() - 4);
  const PickleValue* a = pickle.Find(pickle.root, "a");
  ASSERT_EQ(a->kind, Kind::kList);
  std::vector<int64_t> numbers;
  for (const PickleValue& value : pickle.lists[static_cast<size_t>(a->number)]) numbers.push_back(value.number);
  EXPECT_EQ(numbers, (std::vector<int64_t>{1, -2, 70000, int64_t{1} << 40, -1}));
  const PickleValue* b = pickle.Find(pickle.root, "b");
  ASSERT_EQ(b->length, 4u);
  EXPECT_EQ(pickle.Item(*b, 1).kind, Kind::kNone);
  EXPECT_EQ(pickle.Item(*b, 2).number, 1);
  EXPECT_EQ(pickle.Item(*b, 3).kind, Kind::kFloat);

  for (const int protocol : {4, 5}) {
    const std::string newer = WholePickle(code, protocol);
    const Pickle again = ReadPickle(newer, "w.pth");
    EXPECT_EQ(again.lists.size(), 1u);
    EXPECT_EQ(again.Find(again.root, "b")->length, 3u);
    EXPECT_EQ(again.Find(again.root, "c"), nullptr);
  }
}

TEST(Pickle, RebuildsTensorsParametersAndOrderedDictionaries) {
  const std::string tensor = PickledTensorOf({"7", "HalfStorage", 12, 2, {2, 3}, {1, 2}});
  const std::string parameter =
      PickledCallOf("torch._utils", "_rebuild_parameter", tensor + "\x88" + PickledGlobal("collections", "OrderedDict") + ")R");
  const std::string typed = PickledCallOf("torch._tensor", "_rebuild_from_type_v2",
                                          PickledGlobal("torch._utils", "_rebuild_parameter") +
                                              PickledGlobal("torch.nn.parameter", "Parameter") + "(" + tensor + "\x88" + "Nt" + "}");
  const std::string pairs =
      PickledCallOf("collections", "OrderedDict", "](](" + PickledText("k") + "K\5e" + PickledText("m") + "K\6\x86" + "e");
  const std::string bytes = WholePickle(PickledDict({{"t", tensor}, {"p", parameter}, {"s", typed}, {"d", pairs}}));
  const Pickle pickle = ReadPickle(bytes, "w.pth");
  for (const char* key : {"t", "p", "s"}) {
    const PickleValue* value = pickle.Find(pickle.root, key);
    ASSERT_EQ(value->kind, Kind::kTensor) << key;
    const PickledTensor& found = pickle.tensors[static_cast<size_t>(value->number)];
    EXPECT_EQ(found.offset, 2);
    EXPECT_EQ(pickle.Item(found.shape, 1).number, 3);
    EXPECT_EQ(pickle.Item(found.strides, 1).number, 2);
    EXPECT_EQ(pickle.storages[found.storage].key, "7");
    EXPECT_EQ(pickle.storages[found.storage].type, ElementType::kF16);
    EXPECT_EQ(pickle.storages[found.storage].elements, 12);
  }
  const PickleValue* dict = pickle.Find(pickle.root, "d");
  ASSERT_EQ(dict->kind, Kind::kDict);
  EXPECT_EQ(pickle.Find(*dict, "k")->number, 5);
  EXPECT_EQ(pickle.Find(*dict, "m")->number, 6);
}

// What a training script leaves beside the weights: an argparse.Namespace, a NumPy number, a device, a set, an unknown class.
TEST(Pickle, KeepsOtherObjectsOpaque) {
  const std::string state = PickledDict({{"lr", PickledInt(1)}});
  const std::string bytes = WholePickle(PickledDict({
      {"args", PickledGlobal("argparse", "Namespace") + ")\x81" + state + "b"},
      {"best",
       PickledCallOf("numpy._core.multiarray", "scalar", PickledCallOf("numpy", "dtype", PickledText("f8")) + PickledText("12345678"))},
      {"device", PickledCallOf("torch", "device", PickledText("cuda"))},
      {"set", std::string("\x8f(K\1\x90", 5)},
      {"frozen", "(K\1\x91"},
      {"config", PickledGlobal("my.code", "Config") + ")}\x92" + "(" + PickledText("k") + "K\1u"},
      {"float8", "(" + PickledText("storage") + PickledGlobal("torch", "Float8Storage") + PickledText("0") + PickledText("cpu") + "K\1tQ"},
      {"class", PickledGlobal("os", "system")},
      {"epoch", PickledInt(3)},
  }));
  const Pickle pickle = ReadPickle(bytes, "w.pth");
  const auto type = [&](const char* key) { return pickle.TypeName(*pickle.Find(pickle.root, key)); };
  EXPECT_EQ(type("args"), "argparse.Namespace");
  EXPECT_EQ(type("best"), "call of numpy._core.multiarray.scalar");
  EXPECT_EQ(type("device"), "call of torch.device");
  EXPECT_EQ(type("set"), "builtins.set");
  EXPECT_EQ(type("frozen"), "builtins.frozenset");
  EXPECT_EQ(type("config"), "my.code.Config");
  EXPECT_EQ(type("float8"), "torch.Float8Storage");
  EXPECT_EQ(type("class"), "class or function");
  EXPECT_EQ(Integer(pickle, "epoch"), 3);
}

// What `code` leaves behind, which stands under a name in a dictionary.
std::string TypeOf(const std::string& code) {
  const std::string bytes = WholePickle(PickledDict({{"x", code}}));
  const Pickle pickle = ReadPickle(bytes, "w.pth");
  return pickle.TypeName(*pickle.Find(pickle.root, "x"));
}

TEST(Pickle, NamesEveryOtherCallAndRunsNothing) {
  const TemporaryFolder folder;
  const std::string argument = PickledText("touch " + folder.File("was-here"));
  EXPECT_EQ(TypeOf(PickledCallOf("os", "system", argument)), "call of os.system");
  EXPECT_EQ(TypeOf(PickledText("builtins") + PickledText("eval") + "\x93" + argument + "\x85R"), "call of builtins.eval");
  EXPECT_EQ(TypeOf("(" + argument + "iposix\nsystem\n"), "call of posix.system");
  EXPECT_EQ(TypeOf("(" + PickledGlobal("posix", "system") + argument + "o"), "call of posix.system");
  EXPECT_EQ(TypeOf(PickledCallOf("torch.storage", "_load_from_bytes", argument)), "call of torch.storage._load_from_bytes");
  EXPECT_EQ(TypeOf(PickledCallOf("torch._tensor", "_rebuild_from_type_v2", PickledGlobal("os", "system") + "N(" + argument + "t}")),
            "call of os.system");
  EXPECT_EQ(TypeOf(PickledGlobal("a\x1b[2J", std::string(200, 'b')) + ")R").substr(0, 18), "call of a?[2J.bbbb");
  EXPECT_TRUE(Contains(Refusal(PickledInt(3) + ")R"), "it calls a int"));
  EXPECT_FALSE(std::filesystem::exists(folder.File("was-here")));
}

// mmengine's HistoryBuffer names methods of its class, which protocol 2 writes as calls of getattr; Hydra leaves partial functions.
TEST(Pickle, CallsOfWhatWasNotMadeAreNotMadeEither) {
  const std::string method = PickledCallOf("builtins", "getattr", PickledGlobal("mmengine", "HistoryBuffer") + PickledText("mean"));
  EXPECT_EQ(TypeOf(method + ")R"), "call of builtins.getattr");
  EXPECT_EQ(TypeOf(PickledGlobal("my", "f") + method + "R"), "call of my.f");
  EXPECT_EQ(TypeOf(method + ")\x81"), "call of builtins.getattr");
  EXPECT_EQ(TypeOf(PickledCallOf("functools", "partial", PickledGlobal("torch.optim", "Adam")) + "(" +
                   PickledGlobal("torch.optim", "Adam") + ")}Ntb"),
            "call of functools.partial");
  EXPECT_EQ(TypeOf(PickledCallOf("collections", "deque", "") + "(K\1K\2e"), "call of collections.deque");
  EXPECT_EQ(TypeOf(PickledCallOf("collections", "defaultdict", PickledGlobal("builtins", "int")) + "(K\1K\2u"),
            "call of collections.defaultdict");
  EXPECT_EQ(TypeOf(PickledCallOf("torch._utils", "_rebuild_parameter", method + "\x88N")), "call of builtins.getattr");
}

// One of empty lists would take 40 bytes for each of its own; one that makes a dictionary of one list again and again, any number.
TEST(Pickle, MemoryIsLimitedByItsSize) {
  constexpr size_t kSize = size_t{1} << 20;
  EXPECT_EQ(RefusalOf(WholePickle(std::string(1000, ']') + "N")), "");
  const std::string refusal = Refusal(std::string(kSize, ']'));
  EXPECT_TRUE(Contains(refusal, "more memory than those of any checkpoint")) << refusal;
  std::string pairs = "](";
  for (size_t i = 0; i < kSize / 8; ++i) pairs += "NN\x86";
  std::string dictionaries = PickledGlobal("collections", "OrderedDict") + "q\1" + pairs + "e\x85q\2";
  for (int i = 0; i < 1000; ++i) dictionaries += "h\1h\2R";
  EXPECT_TRUE(Contains(Refusal(dictionaries), "more memory than those of any checkpoint"));
  std::string numbers = "](";
  for (size_t i = 0; i < kSize; ++i) numbers += "K\1";
  EXPECT_EQ(Refusal(numbers + "e"), "") << "a list of small numbers, as a record of losses";
}

TEST(Pickle, RefusesWhatNoPickleOfTorchHolds) {
  EXPECT_TRUE(Contains(RefusalOf("\x80\6N."), "protocol 6"));
  EXPECT_TRUE(Contains(RefusalOf("\x80\1N."), "protocol 1"));
  EXPECT_TRUE(Contains(Refusal("I1\n"), "opcode 73"));
  for (const char* code : {"",      "(",   "0",  "t",   "\x86",   "a",  "Na",   "Ns",   "NNs",    "K\1K\2K\3s", "(u",  "}(NNNu",
                           "]}Na",  "h\1", "R",  "NR",  "Q",      "NQ", "b",    "\x93", "NN\x93", "\x94",       "q\1", "(q\1",
                           "N\x81", "e",   "(e", "N(e", "((\x85", "(o", "\x90", "\x91", "2",      "1"}) {
    EXPECT_NE(Refusal(code), "") << code;
  }
  EXPECT_TRUE(Contains(Refusal("Nr" + Bytes(0xffffffff, 4)), "a memo number that is too large"));
  EXPECT_TRUE(Contains(Refusal("X" + Bytes(1000, 4) + "abc"), "cut off"));
  EXPECT_TRUE(Contains(Refusal("\x8d" + Bytes(~uint64_t{0}, 8) + "abc"), "cut off"));
  EXPECT_TRUE(Contains(Refusal(PickledCallOf("collections", "OrderedDict", "N")), "OrderedDict"));
  EXPECT_TRUE(Contains(Refusal(PickledCallOf("collections", "OrderedDict", "](NNe")), "an OrderedDict of something else than pairs"));
  const std::string from_type = PickledGlobal("torch._tensor", "_rebuild_from_type_v2");
  EXPECT_TRUE(Contains(Refusal(PickledCallOf("torch._tensor", "_rebuild_from_type_v2", from_type + "N(" + from_type + "N)}t}")),
                       "a tensor's type within a tensor's type"));
  EXPECT_TRUE(Contains(Refusal(PickledCallOf("torch._utils", "_rebuild_tensor_v2", "NNNNNN")), "a tensor of other arguments"));
  EXPECT_TRUE(
      Contains(Refusal(PickledTensorOf({"0", "FloatStorage", 1, 0, std::vector<int64_t>(9, 1), {}})), "a tensor of other arguments"));
  EXPECT_TRUE(Contains(Refusal("(" + PickledText("module") + "NNNNtQ"), "a persistent id that is not a storage's"));
}

TEST(Pickle, EveryCutIsRefused) {
  const std::string bytes =
      WholePickle(PickledDict({{"t", PickledTensorOf({"7", "HalfStorage", 12, 2, {2, 3}, {1, 2}})}, {"a", "](K\1K\2e"}}));
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_NE(RefusalOf(bytes.substr(0, size)), "") << size;
}

TEST(Pickle, AValueWithinItselfIsData) {
  const std::string bytes = WholePickle("}q\2" + PickledText("me") + "h\2s" + PickledText("x") + "0]q\1h\1a0");
  const Pickle pickle = ReadPickle(bytes, "w.pth");
  EXPECT_EQ(pickle.Find(pickle.root, "me")->number, pickle.root.number);
}

}  // namespace
}  // namespace deepmad::models
