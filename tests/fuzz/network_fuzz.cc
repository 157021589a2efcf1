// A network file: what is accepted has a cost, a table and a drawing, and survives being written.
#include <cmath>
#include <cstdint>
#include <string>

#include "mad/cost/layer_table.h"
#include "mad/cost/network_cost.h"
#include "mad/network/network_spec.h"
#include "mad/report/structure_svg.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace deepmad;

// A network of the largest size takes seconds to list; the small ones reach the same code.
bool IsSmall(const mad::NetworkSpec& spec) {
  int64_t units = 0;
  for (const mad::BlockSpec& block : spec.blocks) units += block.depth;
  return units <= 1000;
}

void Read(const std::string& text) {
  const base::Config config = base::Config::FromText(text, "fuzz.yaml");
  const mad::NetworkSpec spec = mad::NetworkFromConfig(config);
  const base::Config again = base::Config::FromText(mad::NetworkToYaml(spec));
  fuzz::Expect(mad::NetworkFromConfig(again) == spec, "a network that is written reads back as the same");
  again.CheckAllRead();
  mad::FeatureLevels(spec);
  if (!IsSmall(spec)) return;
  const mad::NetworkCost cost = mad::Cost(spec);
  fuzz::Expect(std::isfinite(cost.macs) && cost.macs > 0 && std::isfinite(cost.params) && cost.params > 0, "a positive cost");
  fuzz::Expect(!mad::LayerRows(spec).empty() && !mad::StructureSvg(spec).empty(), "a table and a drawing");
  config.CheckAllRead();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find("include") != std::string::npos) return 0;
  fuzz::MayFail(base::ErrorKind::kUsage, [&] { Read(text); });
  return 0;
}
