#include "mad/report/latency_report.h"

#include <fmt/format.h>

#include "mad/cost/training_step_cost.h"
#include "mad/latency/latency_model.h"

namespace deepmad::mad {

base::Json Predictions(const LatencyTable& table, const NetworkSpec& network, const std::string& path) {
  CheckHasLatency(network, path);
  base::Json cases = base::Json::array();
  const auto add = [&](const char* work, const std::string& precision, int batch, double milliseconds) {
    cases.push_back({{"work", work}, {"precision", precision}, {"batch", batch}, {"milliseconds", milliseconds}});
  };
  for (const InferenceCase& one : table.inference) {
    add("inference", one.precision, one.batch, LatencyModel(table, one.precision, one.batch, path).Milliseconds(network));
  }
  for (const TrainingCase& one : table.training) add("training", one.precision, one.batch, StepModel(one).Milliseconds(network));
  return {{"table", path}, {"device", table.device}, {"threads", table.threads}, {"cases", cases}};
}

std::string PredictionTable(const base::Json& predictions) {
  std::string text = fmt::format("  predicted for {}\n", predictions.at("device").get<std::string>());
  for (const base::Json& one : predictions.at("cases")) {
    text += fmt::format("  {:<10} {:<9} batch {:<5} {:>10.3f} ms\n", one.at("work").get<std::string>(),
                        one.at("precision").get<std::string>(), one.at("batch").get<int>(), one.at("milliseconds").get<double>());
  }
  return text;
}

}  // namespace deepmad::mad
