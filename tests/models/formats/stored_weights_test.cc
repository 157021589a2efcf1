#include "models/formats/stored_weights.h"

#include "base/crc32.h"
#include "models/formats/safetensors_header.h"
#include "tests/models/formats/checkpoint_writer.h"
#include "tests/models/formats/refusal.h"

namespace deepmad::models {
namespace {

StoredWeights Read(const std::string& bytes, WeightSet set = WeightSet::kTrained) {
  return ReadStoredWeights(bytes, set, "w.pth", [](std::string_view) {});
}

std::string Refusal(const std::string& bytes, WeightSet set = WeightSet::kTrained, base::ErrorKind kind = base::ErrorKind::kFailed) {
  return RefusalBy([&] { Read(bytes, set); }, kind);
}

const std::string kData = "0123456789abcdefghijklmn";  // 6 float32

std::string Matrix(bool legacy = false) { return PickledTensorOf({"0", "FloatStorage", 6, 0, {2, 3}, {1, 2}}, legacy); }
std::string Row(bool legacy = false) { return PickledTensorOf({"0", "FloatStorage", 6, 3, {2}, {1}}, legacy); }

TEST(StoredWeights, BothFormsOfTorchSaveGiveViewsOfOneStorage) {
  const std::string zip = TorchZipOf(PickledDict({{"a.weight", Matrix()}, {"a.bias", Row()}}), {{"0", kData}});
  const std::string wide = TorchZipOf(PickledDict({{"a.weight", Matrix()}, {"a.bias", Row()}}), {{"0", kData}}, true);
  const std::string legacy = TorchLegacyOf(PickledDict({{"a.weight", Matrix(true)}, {"a.bias", Row(true)}}), {{"0", kData, 4}});
  for (const std::string* bytes : {&zip, &wide, &legacy}) {
    const StoredWeights weights = Read(*bytes);
    ASSERT_EQ(weights.tensors.size(), 2u);
    EXPECT_EQ(weights.tensors[0].name, "a.weight");
    EXPECT_EQ(weights.tensors[0].type, ElementType::kF32);
    EXPECT_EQ(weights.tensors[0].shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(weights.tensors[0].strides, (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(weights.tensors[0].bytes, kData);
    EXPECT_EQ(weights.tensors[1].bytes, "cdefghij");
  }
}

std::string FileOf(const std::vector<std::pair<std::string, std::string>>& entries) {
  return TorchZipOf(PickledDict(entries), {{"0", kData}});
}

size_t Dimensions(const StoredWeights& weights) { return weights.tensors.size() == 1 ? weights.tensors[0].shape.size() : 0; }

TEST(StoredWeights, FindsTheStateDictUnderItsUsualNames) {
  const std::string state = PickledDict({{"w", Row()}}), other = PickledDict({{"w", Matrix()}});
  for (const char* name : {"state_dict", "model", "model_state_dict", "net", "module"}) {
    for (const char* averaged : {"state_dict_ema", "model_ema", "ema", "ema_state_dict"}) {
      const std::string nested = FileOf({{"epoch", PickledInt(3)}, {averaged, other}, {name, state}, {"t", Row()}});
      EXPECT_EQ(Dimensions(Read(nested)), 1u) << name;
      EXPECT_EQ(Dimensions(Read(nested, WeightSet::kAveraged)), 2u) << averaged;
      EXPECT_EQ(Dimensions(Read(FileOf({{averaged, other}}))), 2u) << "the only ones";
    }
  }
  EXPECT_EQ(Dimensions(Read(FileOf({{"ema", PickledDict({{"decay", "N"}, {"module", other}})}}), WeightSet::kAveraged)), 2u);
  EXPECT_EQ(Dimensions(Read(FileOf({{"model", PickledDict({{"state_dict", state}})}}))), 1u);
  EXPECT_TRUE(Contains(Refusal(FileOf({{"model", state}}), WeightSet::kAveraged, base::ErrorKind::kUsage),
                       "no averaged weights (state_dict_ema) in it; it holds model (dict)"));
}

TEST(StoredWeights, TheOnlyDictionaryOfTensorsIsTakenAndNamed) {
  const std::string state = PickledDict({{"w", Row()}});
  testing::internal::CaptureStderr();
  EXPECT_EQ(Dimensions(Read(FileOf({{"epoch", PickledInt(3)}, {"student", state}, {"optimizer", PickledDict({{"state", "}"}})}}))), 1u);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "w.pth: the weights are those under 'student'\n");
  EXPECT_TRUE(Contains(Refusal(FileOf({{"generator", state}, {"discriminator", state}})),
                       "several state_dicts in it; it holds generator (dict), discriminator (dict)"));
}

// Objects that only the training program can make stand beside the weights; where weights should stand, they are named.
TEST(StoredWeights, CallsBesideTheWeightsAreNoMatter) {
  const std::string call = PickledCallOf("functools", "partial", PickledGlobal("torch.optim.adam", "Adam"));
  const std::string state = PickledDict({{"w", Row()}});
  EXPECT_EQ(Dimensions(Read(FileOf({{"hyper_parameters", PickledDict({{"optimizer", call}})}, {"state_dict", state}}))), 1u);
  EXPECT_TRUE(Contains(Refusal(FileOf({{"state_dict", PickledDict({{"w", Row()}, {"v", call}})}})),
                       "'v' in its state_dict is a call of functools.partial, not a tensor: w.pth: nothing in it was run"));
}

TEST(StoredWeights, OneFlippedBitIsNoticed) {
  const auto crc_of = [](const std::string& text) {
    base::Crc32 crc;
    crc.Add(text);
    return crc.value();
  };
  const std::string content = WholePickle(PickledDict({{"w", Row()}}));
  std::string bytes = ZipOf({{"archive/data.pkl", content}, {"archive/data/0", kData}, {"archive/data/1", "unused"}}, false,
                            {crc_of(content), crc_of(kData), 7});
  EXPECT_EQ(Refusal(bytes), "") << "damage beside the weights is no matter";
  const size_t at = bytes.find(kData);
  bytes[at + 5] ^= 1;
  EXPECT_TRUE(Contains(Refusal(bytes), "the checksum of its record 'archive/data/0' disagrees"));
  bytes[at + 5] ^= 1;
  bytes[bytes.find(content) + content.size() - 2] ^= 1;
  EXPECT_TRUE(Contains(Refusal(bytes), "the checksum of its record 'archive/data.pkl' disagrees"));
}

TEST(StoredWeights, NamesWhatIsNotAStateDict) {
  const auto refusal = [](const std::string& code) { return Refusal(TorchZipOf(code, {{"0", kData}})); };
  EXPECT_TRUE(Contains(refusal(PickledInt(3)), "it holds a int, not a state_dict"));
  EXPECT_TRUE(Contains(refusal(PickledGlobal("my.nets", "Net") + ")\x81}b"), "it holds a my.nets.Net, not a state_dict"));
  EXPECT_TRUE(Contains(refusal(PickledDict({{"epoch", PickledInt(1)}, {"model", PickledGlobal("my", "Net") + ")\x81"}})),
                       "no state_dict in it; it holds epoch (int), model (my.Net)"));
  EXPECT_TRUE(Contains(refusal(PickledDict({{"w", Row()}, {"epoch", PickledInt(1)}})), "'epoch' in its state_dict is a int, not a tensor"));
  EXPECT_TRUE(Contains(refusal(PickledDict({{"w", Row()}, {"w", Row()}})), "two tensors are called 'w'"));
  EXPECT_TRUE(Contains(refusal("}(" + PickledInt(1) + Row() + "u"), "a name in its state_dict is a int"));
  EXPECT_TRUE(Contains(refusal(PickledCallOf("os", "system", PickledText("true"))),
                       "it holds a call of os.system, not a state_dict: w.pth: nothing in it was run"));
}

TEST(StoredWeights, RefusesTensorsOutsideTheirStorage) {
  const auto refusal = [](const TensorToPickle& tensor) {
    return Refusal(TorchZipOf(PickledDict({{"w", PickledTensorOf(tensor)}}), {{"0", kData}}));
  };
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 1, {2, 3}, {3, 1}}), "tensor 'w': it reaches outside its data"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 0, {2, 3}, {4, 1}}), "it reaches outside its data"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, -1, {2}, {1}}), "a negative offset"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 0, {-2}, {1}}), "a negative size or stride"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 0, {3}, {int64_t{1} << 62}}), "its strides are too large"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 5, {2}, {-1}}), "a negative size or stride"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 0, {2}, {1, 1}}), "differ in length"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 6, 0, {1 << 30, 1 << 30, 1 << 30}, {0, 0, 0}}), "its shape is too large"));
  EXPECT_TRUE(Contains(refusal({"0", "FloatStorage", 7, 0, {2}, {1}}), "storage '0' has 24 bytes, not 7 elements"));
  EXPECT_TRUE(Contains(refusal({"0", "DoubleStorage", 6, 0, {2}, {1}}), "storage '0' has 24 bytes, not 6 elements"));
  EXPECT_TRUE(Contains(refusal({"1", "FloatStorage", 6, 0, {2}, {1}}), "storage '1' is missing"));
  EXPECT_EQ(refusal({"0", "FloatStorage", 6, 6, {0}, {1}}), "");  // nothing is read
  EXPECT_EQ(refusal({"0", "FloatStorage", 6, 5, {4}, {0}}), "");  // one number four times, as expand() gives
}

TEST(StoredWeights, RefusesOtherFilesByWhatTheyAre) {
  EXPECT_TRUE(Contains(Refusal(""), "too short"));
  EXPECT_TRUE(Contains(Refusal(ZipOf({{"word/document.xml", "<x/>"}})), "a zip file, but not one of torch.save"));
  EXPECT_TRUE(Contains(Refusal(ZipOf({{"net/data.pkl", WholePickle("N")}, {"net/constants.pkl", ""}})), "a TorchScript program"));
  EXPECT_TRUE(Contains(Refusal(ZipOf({{"net/data.pkl", WholePickle("N")}, {"net/byteorder", "big"}})), "its byte order is 'big'"));
  EXPECT_TRUE(Contains(Refusal(WholePickle("}")), "a pickle that torch.save did not write"));
  EXPECT_TRUE(Contains(Refusal(std::string(257, '\0') + "ustar" + std::string(500, '\0')), "a tar file"));
  EXPECT_TRUE(Contains(Refusal("GIF89a and more"), "is it a whole file of weights"));
}

TEST(StoredWeights, EveryCutIsRefused) {
  const std::string zip = TorchZipOf(PickledDict({{"w", Matrix()}}), {{"0", kData}});
  const std::string legacy = TorchLegacyOf(PickledDict({{"w", Matrix(true)}}), {{"0", kData, 4}});
  for (const std::string* bytes : {&zip, &legacy}) {
    for (size_t size = 0; size < bytes->size(); ++size) EXPECT_NE(Refusal(bytes->substr(0, size)), "") << size;
  }
  EXPECT_TRUE(Contains(Refusal(legacy + "x"), "bytes behind the last storage"));
}

TEST(StoredWeights, RefusesOlderFilesThatDisagreeWithThemselves) {
  const auto legacy = [](const std::string& code, const std::vector<LegacyStorage>& storages) {
    return Refusal(TorchLegacyOf(code, storages));
  };
  const std::string state = PickledDict({{"w", Matrix(true)}});
  EXPECT_TRUE(Contains(legacy(state, {}), "storage '0' is missing"));
  EXPECT_TRUE(Contains(legacy(state, {{"0", kData, 4}, {"1", kData, 4}}), "storage '1' has no type"));
  EXPECT_TRUE(Contains(legacy(state, {{"0", kData, 4}, {"0", kData, 4}}), "a storage stands twice"));
  EXPECT_TRUE(Contains(legacy(state, {{"0", kData, 8}}), "bytes behind the last storage"));
  EXPECT_TRUE(Contains(legacy(state, {{"0", kData, 2}}), "storage '0' is cut off"));
}

// The first bytes of a safetensors file are a length: 128 starts like a pickle, 19280 like a zip file.
TEST(StoredWeights, TellsSafetensorsFromTheOthersWhateverTheirLength) {
  for (const size_t length : {size_t{128}, size_t{19280}, size_t{0x80 + 0x0200}}) {
    SafetensorsHeader header;
    header.entries = {{.name = "w", .dtype = "F32", .shape = {2, 3}, .begin = 0, .end = 24}};
    std::string json = MakeSafetensorsHeader(header).substr(8);
    json.resize(length, ' ');
    EXPECT_EQ(Read(Bytes(length, 8) + json + kData).tensors.size(), 1u) << length;
  }
}

TEST(StoredWeights, SafetensorsGiveTensorsAndMetadata) {
  SafetensorsHeader header;
  header.metadata = {{"format", "pt"}};
  header.entries = {{.name = "w", .dtype = "F32", .shape = {2, 3}, .begin = 0, .end = 24}};
  const std::string bytes = MakeSafetensorsHeader(header) + kData;
  const StoredWeights weights = Read(bytes);
  ASSERT_EQ(weights.tensors.size(), 1u);
  EXPECT_EQ(weights.tensors[0].strides, (std::vector<int64_t>{3, 1}));
  EXPECT_EQ(weights.tensors[0].bytes, kData);
  EXPECT_EQ(weights.metadata.at("format"), "pt");
  EXPECT_TRUE(Contains(Refusal(bytes, WeightSet::kAveraged, base::ErrorKind::kUsage), "holds one set of weights"));
  header.metadata["deepmad_crc32"] = "00000000";
  EXPECT_TRUE(Contains(Refusal(MakeSafetensorsHeader(header) + kData), "its checksum disagrees"));
}

}  // namespace
}  // namespace deepmad::models
