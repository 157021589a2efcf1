#include "mad/latency/latency_table.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/text_file.h"

namespace deepmad::mad {
namespace {

constexpr char kFormat[] = "deepmad latency table";
constexpr size_t kMaxBytes = size_t{1} << 28;
constexpr const char* kTrainingWorkNames[] = {"pointwise_macs",   "kernel_macs",  "depthwise_macs", "conv_values",
                                              "depthwise_values", "other_values", "layers",         "params"};
static_assert(std::size(kTrainingWorkNames) == kTrainingWork);

base::Json SpreadJson(const Spread& spread) { return {spread.lower, spread.median, spread.upper}; }

Spread SpreadFrom(const base::Json& json) {
  const Spread spread{json.at(0).get<double>(), json.at(1).get<double>(), json.at(2).get<double>()};
  if (!(spread.lower > 0 && spread.lower <= spread.median && spread.median <= spread.upper && std::isfinite(spread.upper))) {
    throw base::UsageError(fmt::format("{} are no quartiles of a time", json.dump()));
  }
  return spread;
}

double PositiveFrom(const base::Json& json) {
  const double value = json.get<double>();
  if (!(value > 0 && std::isfinite(value))) throw base::UsageError(fmt::format("{} where a positive number belongs", json.dump()));
  return value;
}

int CountFrom(const base::Json& json) {
  const double value = PositiveFrom(json);
  if (value != std::floor(value) || value > 1 << 24) throw base::UsageError(fmt::format("{} where a count belongs", json.dump()));
  return static_cast<int>(value);
}

base::Json LayerJson(const LayerMeasurement& row) {
  const WorkShape& shape = row.shape;
  base::Json json{{"layer", FusedOpName(shape.op)}};
  if (TraitsOf(shape.op).has_kernel) {
    json["kernel"] = {shape.kernel.h, shape.kernel.w};
    json["stride"] = {shape.stride.h, shape.stride.w};
    json["shortcut"] = shape.adds_shortcut;
    json["activation"] = ActivationName(shape.activation);
  }
  json["map"] = {shape.map.h, shape.map.w};
  json["in"] = row.in;
  json["out"] = row.out;
  json["ms"] = SpreadJson(row.milliseconds);
  json["passes"] = row.passes;
  return json;
}

LayerMeasurement LayerFrom(const base::Json& json) {
  const auto extent = [&](const char* key) { return Extent{1, CountFrom(json.at(key).at(0)), CountFrom(json.at(key).at(1))}; };
  LayerMeasurement row;
  row.shape.op = FusedOpFromName(json.at("layer").get<std::string>(), "");
  if (TraitsOf(row.shape.op).has_kernel) {
    row.shape.kernel = extent("kernel");
    row.shape.stride = extent("stride");
    row.shape.adds_shortcut = json.at("shortcut").get<bool>();
    row.shape.activation = ActivationFromName(json.at("activation").get<std::string>(), "");
  }
  row.shape.map = extent("map");
  row.in = CountFrom(json.at("in"));
  row.out = CountFrom(json.at("out"));
  row.milliseconds = SpreadFrom(json.at("ms"));
  row.passes = CountFrom(json.at("passes"));
  return row;
}

base::Json StepJson(const StepMeasurement& step) {
  base::Json json;
  for (size_t i = 0; i < kTrainingWork; ++i) json[kTrainingWorkNames[i]] = step.amounts[i];
  json["ms"] = SpreadJson(step.milliseconds);
  json["passes"] = step.passes;
  return json;
}

StepMeasurement StepFrom(const base::Json& json) {
  StepMeasurement step;
  for (size_t i = 0; i < kTrainingWork; ++i) {
    step.amounts[i] = json.at(kTrainingWorkNames[i]).get<double>();
    if (!(step.amounts[i] >= 0 && std::isfinite(step.amounts[i]))) {
      throw base::UsageError(fmt::format("{} {}", kTrainingWorkNames[i], step.amounts[i]));
    }
  }
  step.milliseconds = SpreadFrom(json.at("ms"));
  step.passes = CountFrom(json.at("passes"));
  return step;
}

// One entry a line.
void AppendRows(const char* name, const std::vector<base::Json>& rows, std::string& text) {
  text += fmt::format(",\n    \"{}\": [", name);
  for (size_t i = 0; i < rows.size(); ++i) text += (i == 0 ? "\n      " : ",\n      ") + base::JsonLine(rows[i]);
  text += "]";
}

template <typename Rows, typename ToJson>
std::vector<base::Json> Each(const Rows& rows, const ToJson& to_json) {
  std::vector<base::Json> all;
  for (const auto& row : rows) all.push_back(to_json(row));
  return all;
}

template <typename Case>
std::string CaseStart(const Case& one, bool first) {
  return fmt::format("{}\n  {{ \"precision\": \"{}\",\n    \"batch\": {},\n    \"reference_ms\": {}", first ? "" : ",", one.precision,
                     one.batch, one.reference_ms);
}

LatencyTable TableFrom(const base::Json& json) {
  if (json.value("format", "") != kFormat) throw base::UsageError("not a latency table", "", "deepmad profile writes one");
  const int version = CountFrom(json.at("version"));
  if (version != LatencyTable::kVersion) {
    throw base::UsageError(fmt::format("latency table version {}", version), "",
                           fmt::format("this program reads version {}: measure again with deepmad profile", LatencyTable::kVersion));
  }
  LatencyTable table;
  table.device = json.at("device").get<std::string>();
  table.program = json.at("program").get<std::string>();
  table.threads = CountFrom(json.at("threads"));
  for (const base::Json& side : json.at("resolutions")) table.resolutions.push_back(CountFrom(side));
  for (const base::Json& entry : json.at("inference")) {
    InferenceCase& one = table.inference.emplace_back();
    one.precision = entry.at("precision").get<std::string>();
    one.batch = CountFrom(entry.at("batch"));
    one.reference_ms = PositiveFrom(entry.at("reference_ms"));
    for (const base::Json& row : entry.at("layers")) one.layers.push_back(LayerFrom(row));
    for (const base::Json& row : entry.at("passes")) {
      one.passes.push_back({SpreadFrom(row.at("ms")), PositiveFrom(row.at("layers_ms")), CountFrom(row.at("passes"))});
    }
  }
  for (const base::Json& entry : json.at("training")) {
    TrainingCase& one = table.training.emplace_back();
    one.precision = entry.at("precision").get<std::string>();
    one.batch = CountFrom(entry.at("batch"));
    one.reference_ms = PositiveFrom(entry.at("reference_ms"));
    for (const base::Json& row : entry.at("steps")) one.steps.push_back(StepFrom(row));
    if (one.steps.empty()) throw base::UsageError("a case with no training steps");
  }
  return table;
}

}  // namespace

const char* TrainingWorkName(int work) { return kTrainingWorkNames[static_cast<size_t>(work)]; }

std::string LatencyTableText(const LatencyTable& table) {
  std::string text = fmt::format(
      "{{\n\"format\": \"{}\",\n\"version\": {},\n\"device\": {},\n\"program\": {},\n\"threads\": {},\n\"resolutions\": "
      "{},\n\"inference\": [",
      kFormat, LatencyTable::kVersion, base::Json(table.device).dump(), base::Json(table.program).dump(), table.threads,
      base::Json(table.resolutions).dump());
  for (const InferenceCase& one : table.inference) {
    text += CaseStart(one, &one == table.inference.data());
    AppendRows("layers", Each(one.layers, LayerJson), text);
    AppendRows("passes",
               Each(one.passes,
                    [](const PassMeasurement& pass) {
                      return base::Json{{"ms", SpreadJson(pass.milliseconds)}, {"layers_ms", pass.layers}, {"passes", pass.passes}};
                    }),
               text);
    text += " }";
  }
  text += "],\n\"training\": [";
  for (const TrainingCase& one : table.training) {
    text += CaseStart(one, &one == table.training.data());
    AppendRows("steps", Each(one.steps, StepJson), text);
    text += " }";
  }
  return text + "]\n}\n";
}

LatencyTable LoadLatencyTable(const std::string& path) {
  std::string text;
  try {
    text = base::ReadTextFile(path, kMaxBytes);
  } catch (const base::Error& error) {
    throw base::UsageError("no latency table to read", path, "deepmad profile --out TABLE measures one");
  }
  try {
    return TableFrom(base::Json::parse(text));
  } catch (const base::Json::exception& error) {
    throw base::UsageError(fmt::format("not a latency table: {}", error.what()), path, "deepmad profile writes one");
  } catch (const base::Error& error) {
    throw base::UsageError(error.what(), path, error.hint().empty() ? "measure again with deepmad profile" : "");
  }
}

}  // namespace deepmad::mad
