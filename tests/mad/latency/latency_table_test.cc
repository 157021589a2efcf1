#include "mad/latency/latency_table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/mad/made_latency_table.h"
#include "tests/temporary_folder.h"

namespace deepmad::mad {
namespace {

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(LatencyTable, ComesBackFromItsFileAsItWas) {
  const TemporaryFolder folder;
  LatencyTable table = MadeLatencyTable();
  table.device = "a \"made\" device";
  table.inference.front().layers.resize(300);
  const std::string text = LatencyTableText(table);
  const LatencyTable read = LoadLatencyTable(folder.Write("table.json", text));
  EXPECT_EQ(LatencyTableText(read), text);
  EXPECT_EQ(read.device, table.device);
  EXPECT_EQ(read.resolutions, table.resolutions);
  ASSERT_EQ(read.inference.size(), 1u);
  ASSERT_EQ(read.inference[0].layers.size(), 300u);
  for (size_t i = 0; i < 300; ++i) {
    const LayerMeasurement &a = read.inference[0].layers[i], &b = table.inference[0].layers[i];
    EXPECT_EQ(a.shape, b.shape) << i;
    EXPECT_EQ(a.in, b.in);
    EXPECT_EQ(a.out, b.out);
    EXPECT_EQ(a.milliseconds.median, b.milliseconds.median);
  }
  EXPECT_EQ(read.training[0].steps[5].amounts, table.training[0].steps[5].amounts);
}

TEST(LatencyTable, NamesTheFileThatIsNone) {
  const TemporaryFolder folder;
  LatencyTable table = MadeLatencyTable();
  std::vector<LayerMeasurement>& layers = table.inference.front().layers;
  std::erase_if(layers, [](const LayerMeasurement& row) { return !TraitsOf(row.shape.op).has_kernel; });
  layers.resize(3);
  const std::string good = LatencyTableText(table);
  const struct {
    std::string text;
    const char* says;
  } cases[] = {{"{", "not a latency table"},
               {"[1, 2]", "not a latency table"},
               {"{}", "not a latency table"},
               {Replaced(good, "\"version\": 2", "\"version\": 1"), "latency table version 1"},
               {Replaced(good, "\"reference_ms\": 3.5", "\"reference_ms\": 0"), "0 where a positive number belongs"},
               {Replaced(good, "\"threads\": 1", "\"threads\": 0"), "0 where a positive number belongs"},
               {Replaced(good, "\"threads\": 1", "\"threads\": 1.5"), "1.5 where a count belongs"},
               {Replaced(good, "\"device\"", "\"devise\""), "key 'device' not found"},
               {Replaced(good, "\"ms\":[", "\"ms\":[-"), "are no quartiles of a time"},
               {Replaced(good, "\"activation\":\"", "\"activation\":\"x"), "unknown activation"},
               {Replaced(good, "\"layer\":\"", "\"layer\":\"x"), "unknown kind of layer"},
               {Replaced(good, "\"kernel_macs\":", "\"kernel_macs\":-"), "kernel_macs -"},
               {Replaced(good, "\"steps\": [", "\"steps\": [], \"rows\": ["), "no training steps"}};
  for (const auto& c : cases) {
    const std::string path = folder.Write("table.json", c.text);
    try {
      LoadLatencyTable(path);
      ADD_FAILURE() << c.says;
    } catch (const base::Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << message;
      EXPECT_NE(message.find(c.says), std::string::npos) << message;
      EXPECT_NE(message.find(path), std::string::npos) << message;
    }
  }
  try {
    LoadLatencyTable(folder.File("absent.json"));
    ADD_FAILURE();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("deepmad profile --out"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace deepmad::mad
