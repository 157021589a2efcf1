#include "tests/fuzz/checkpoint_seeds.h"

#include "models/formats/safetensors_file.h"
#include "tests/models/formats/checkpoint_writer.h"

namespace deepmad::fuzz {
namespace {

using namespace models;

const std::string kData = "0123456789abcdefghijklmn";

std::string State(bool legacy) {
  const std::string tensor = PickledTensorOf({"0", "FloatStorage", 6, 0, {2, 3}, {1, 2}}, legacy);
  const std::string parameter =
      PickledCallOf("torch._utils", "_rebuild_parameter", PickledTensorOf({"0", "FloatStorage", 6, 3, {2}, {1}}, legacy) + "\x88N");
  const std::string count = PickledTensorOf({"1", "LongStorage", 1, 0, {}, {}}, legacy);
  return PickledDict({{"module.w", tensor}, {"module.b", parameter}, {"module.n", count}});
}

std::string Nested(bool legacy) {
  const std::string args = PickledGlobal("argparse", "Namespace") + ")\x81" + PickledDict({{"lr", PickledInt(1)}}) + "b";
  return PickledDict({{"epoch", PickledInt(3)}, {"state_dict", State(legacy)}, {"state_dict_ema", State(legacy)}, {"args", args}});
}

std::string Safetensors(bool with_checksum) {
  SafetensorsHeader header;
  header.metadata = {{"format", "pt"}};
  header.entries = {{.name = "w", .dtype = "F32", .shape = {2, 3}, .begin = 0, .end = 24},
                    {.name = "e", .dtype = "I8", .shape = {0}, .begin = 24, .end = 24}};
  if (with_checksum) {
    header.metadata[kChecksumKey] = SafetensorsChecksum(header, [](size_t i, base::Crc32& crc) { crc.Add(i == 0 ? kData : ""); });
  }
  return MakeSafetensorsHeader(header) + kData;
}

}  // namespace

std::vector<std::string> ZipSeeds() {
  std::string with_comment = ZipOf({{"a", "x"}});
  with_comment[with_comment.size() - 2] = 3;
  std::vector<std::string> seeds = {ZipOf({}), with_comment + "end"};
  for (const bool zip64 : {false, true}) {
    seeds.push_back(ZipOf({{"archive/data.pkl", "N."}, {"archive/data/0", kData}, {"archive/version", "3\n"}}, zip64));
  }
  return seeds;
}

std::vector<std::string> PickleSeeds() {
  std::vector<std::string> seeds;
  for (const bool legacy : {false, true}) seeds.insert(seeds.end(), {WholePickle(State(legacy)), WholePickle(Nested(legacy))});
  const std::string pairs =
      PickledCallOf("collections", "OrderedDict", "](](" + PickledText("k") + "K\5e" + PickledText("m") + "K\6\x86" + "e");
  seeds.insert(
      seeds.end(),
      {
          WholePickle("\x95" + Bytes(9, 8) + "}\x94(\x8c\1a\x94]\x94(K\1J" + Bytes(7, 4) + "M" + Bytes(7, 2) + "e\x8c\1b\x94K\1\x85u", 4),
          WholePickle("}q\1" + PickledText("me") + "h\1s0]q\2h\2a0(N0N1N2\x86"),
          WholePickle(PickledCallOf("torch", "Size", PickledTuple({1, 2}))),
          WholePickle(pairs),
          WholePickle(PickledCallOf("numpy._core.multiarray", "scalar", PickledCallOf("numpy", "dtype", PickledText("f8")) + "C\3abc")),
          WholePickle("\x8f(K\1\x90(N\x91\x86\x8a\2\1\2\x8b" + Bytes(1, 4) + "\5\x86"),
          WholePickle(PickledText("os") + PickledText("system") + "\x93" + PickledText("true") + "\x85R"),
          WholePickle("(" + PickledText("true") + "ios\nsystem\n"),
          WholePickle("(" + PickledGlobal("os", "system") + "No"),
          WholePickle(PickledGlobal("my", "Net") + ")}\x92}b"),
          WholePickle("G12345678B" + Bytes(2, 4) + "ab\x8e" + Bytes(1, 8) + "c\x8d" + Bytes(1, 8) + "dU\1eT" + Bytes(1, 4) + "f0000" + "r" +
                      Bytes(3, 4) + "j" + Bytes(3, 4)),
      });
  return seeds;
}

std::vector<std::string> SafetensorsSeeds() { return {Safetensors(false), Safetensors(true)}; }

std::vector<std::string> WeightsSeeds() {
  std::vector<std::string> seeds = SafetensorsSeeds();
  for (const bool nested : {false, true}) {
    const auto code = [&](bool legacy) { return nested ? Nested(legacy) : State(legacy); };
    for (const bool zip64 : {false, true}) seeds.push_back(TorchZipOf(code(false), {{"0", kData}, {"1", "01234567"}}, zip64));
    seeds.push_back(TorchLegacyOf(code(true), {{"0", kData, 4}, {"1", "01234567", 8}}));
  }
  return seeds;
}

}  // namespace deepmad::fuzz
