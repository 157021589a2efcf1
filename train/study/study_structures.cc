#include "train/study/study_structures.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "base/atomic_file.h"
#include "base/crc32.h"
#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "mad/design/baseline_structures.h"
#include "mad/report/design_report.h"
#include "train/study/predictors.h"

namespace deepmad::train {
namespace {

// The study with the problem as the wish changes it.
base::Config Changed(const StructureWish& wish, const StudyConfig& config) {
  std::vector<std::string> overrides;
  for (const std::string& change : wish.changes) overrides.push_back("problem." + change);
  return config(overrides);
}

mad::DesignProblem ProblemOf(const base::Config& study) {
  mad::DesignProblem problem = mad::ProblemFromConfig(study.Section("problem"));
  study.Section("problem").CheckAllRead();
  return problem;
}

// All that decides what comes out: the same text means the same structure. `study` after its problem was read.
std::string SourceOf(const StudyPlan& plan, const StructureWish& wish, const base::Config& study, const mad::StructureCost& cost) {
  base::Json source = {{"version", 1}, {"from", StructureOriginName(wish.origin)}, {"problem", study.Section("problem").Resolved()}};
  if (wish.origin == StructureOrigin::kRandom) source.update({{"seed", plan.seed}, {"index", wish.index}, {"fill", wish.fill}});
  if (!wish.like.empty()) source.update({{"flops", cost.flops}, {"params", cost.params}});
  if (!wish.network.empty()) source["network"] = wish.network;
  if (wish.origin == StructureOrigin::kCells) {
    const CellOptions& cells = wish.cells;
    source.update({{"seed", plan.seed},
                   {"index", wish.index},
                   {"samples", cells.samples},
                   {"layer_parts", cells.layer_parts},
                   {"objective_parts", cells.objective_parts}});
    for (const auto& [name, window] : cells.windows) source["windows"][name] = {window.low, window.high};
  }
  return base::JsonText(source);
}

// `cells`: what earlier structures of the same group have sampled already.
mad::NetworkSpec Make(const StudyPlan& plan, const StructureWish& wish, const mad::DesignProblem& problem, const mad::StructureCost& cost,
                      std::map<std::string, std::vector<mad::NetworkSpec>>& cells) {
  const auto given = [&] { return mad::NetworkFromConfig(base::Config::FromText(wish.network, wish.name)); };
  switch (wish.origin) {
    case StructureOrigin::kDesign:
      return mad::Design(problem).network;
    case StructureOrigin::kRandom:
      return mad::RandomStructure(problem, plan.seed, wish.index, wish.fill);
    case StructureOrigin::kCells:
      if (!cells.contains(wish.group)) cells[wish.group] = OneOfEachCell(problem, wish.cells, plan.seed);
      return cells.at(wish.group).at(wish.index);
    case StructureOrigin::kResNet:
      return mad::ResNetLike(problem, cost);
    case StructureOrigin::kScaled:
      return mad::Scaled(problem, given(), cost);
    default:
      return given();
  }
}

void CheckFits(const mad::DesignProblem& problem, const StructureWish& wish, const mad::NetworkSpec& network) {
  if (network.input == problem.input && network.head.classes == problem.head.classes) return;
  throw base::UsageError(fmt::format("structure '{}' has another input or another number of classes than the problem", wish.name),
                         "structures", "give it those of the problem");
}

}  // namespace

std::vector<StudyStructure> MakeStructures(const StudyPlan& plan, const StudyConfig& config, const std::string& out) {
  namespace fs = std::filesystem;
  const mad::DesignProblem measure = ProblemOf(config({}));
  std::vector<StudyStructure> structures;
  std::map<std::string, std::vector<mad::NetworkSpec>> cells;
  base::Progress progress({.label = "structures", .total = static_cast<int64_t>(plan.wishes.size()), .unit = "structures"});
  for (const StructureWish& wish : plan.wishes) {
    if (base::StopRequested()) {
      throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after {} structures", structures.size()), out,
                        "start again to go on");
    }
    mad::StructureCost cost;
    for (const StudyStructure& one : structures) {
      if (one.name == wish.like) cost = {one.assessment.used[mad::kFlops], one.assessment.used[mad::kParams]};
    }
    const base::Config study = Changed(wish, config);
    const mad::DesignProblem problem = ProblemOf(study);
    const std::string folder = out + "/" + wish.name, source = SourceOf(plan, wish, study, cost);
    StudyStructure structure{wish.name, wish.group, wish.origin, {}, {}};
    if (fs::exists(folder + "/source.json") && base::ReadFile(folder + "/source.json") == source) {
      structure.network = mad::LoadNetwork(folder + "/network.yaml");
    } else {
      try {
        structure.network = Make(plan, wish, problem, cost, cells);
      } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::kInfeasible) throw;
        throw base::InfeasibleError(fmt::format("structure '{}': {}", wish.name, error.what()));
      }
      structure.network.name = wish.name;
      CheckFits(measure, wish, structure.network);
    }
    structure.assessment = mad::Assess(measure, structure.network);
    base::CreateFolder(folder);
    base::WriteFileAtomically(folder + "/network.yaml", mad::NetworkToYaml(structure.network));
    base::Json report = {{"version", 1}, {"network", "network.yaml"}};
    report.update(mad::AssessmentJson(measure, structure.assessment));
    base::WriteFileAtomically(folder + "/report.json", base::JsonText(report));
    base::WriteFileAtomically(folder + "/source.json", source);  // last: only then is the rest taken again
    structures.push_back(std::move(structure));
    progress.Update(static_cast<int64_t>(structures.size()), wish.name);
  }
  return structures;
}

std::string StructureDigest(const mad::NetworkSpec& network) {
  mad::NetworkSpec unnamed = network;
  unnamed.name.clear();
  base::Crc32 crc;
  crc.Add(mad::NetworkToYaml(unnamed));
  return crc.Hex();
}

std::string StructureTable(const std::vector<StudyStructure>& structures) {
  std::string table = "name,group,digest";
  for (const auto& [name, value] : Predictors(structures.front().network, structures.front().assessment)) table += "," + name;
  table += "\n";
  for (const StudyStructure& one : structures) {
    table += fmt::format("{},{},{}", one.name, one.group, StructureDigest(one.network));
    for (const auto& [name, value] : Predictors(one.network, one.assessment)) table += fmt::format(",{:.10g}", value);
    table += "\n";
  }
  return table;
}

std::vector<StudyStructure> FixedStructures(const StudyPlan& plan, const StudyConfig& config, const std::string& out) {
  const std::string list = out + "/structures.csv";
  if (!std::filesystem::exists(list)) {
    std::vector<StudyStructure> made = MakeStructures(plan, config, out + "/structures");
    base::WriteFileAtomically(list, StructureTable(made));
    return made;
  }
  const mad::DesignProblem problem = ProblemOf(config({}));
  std::vector<StudyStructure> structures;
  for (const StructureWish& wish : plan.wishes) {
    StudyStructure one{wish.name, wish.group, wish.origin, mad::LoadNetwork(out + "/structures/" + wish.name + "/network.yaml"), {}};
    one.assessment = mad::Assess(problem, one.network);
    structures.push_back(std::move(one));
  }
  if (StructureTable(structures) == base::ReadFile(list)) return structures;
  throw base::UsageError("the structures are not those that the list has", list,
                         "restore it and structures/; or remove both, and the records, to begin a new study");
}

}  // namespace deepmad::train
