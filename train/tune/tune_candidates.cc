#include "train/tune/tune_candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/crc32.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "mad/design/hand_made_shapes.h"

namespace deepmad::train {
namespace {

// One candidate before it is made.
struct Wish {
  std::string name, group;
  std::vector<std::string> changes;  // of the problem
};

std::vector<Wish> WishesOf(const TunePlan& plan) {
  std::vector<Wish> wishes;
  const std::vector<std::string> bounds = plan.bounds.empty() ? std::vector<std::string>{""} : plan.bounds;
  for (const ProblemVariant& variant : plan.variants) {
    for (const std::string& bound : bounds) {
      Wish wish{variant.name, "design", variant.changes};
      if (!bound.empty()) {
        const bool free = bound == "none";
        wish.name += free ? "-free" : "-rho-" + bound;
        wish.changes.push_back("budgets.effectiveness=" + (free ? "null" : bound));
      }
      wishes.push_back(std::move(wish));
    }
  }
  for (const std::string& shape : plan.hand_made) wishes.push_back({shape, "hand_made", {}});
  return wishes;
}

mad::DesignProblem ProblemOf(const StudyConfig& config, const std::vector<std::string>& changes) {
  std::vector<std::string> overrides;
  for (const std::string& change : changes) overrides.push_back("problem." + change);
  const base::Config problem = config(overrides).Section("problem");
  mad::DesignProblem result = mad::ProblemFromConfig(problem);
  problem.CheckAllRead();
  return result;
}

mad::NetworkSpec Make(const Wish& wish, const StudyConfig& config) {
  const mad::DesignProblem problem = ProblemOf(config, wish.changes);
  mad::NetworkSpec network = wish.group == "design" ? mad::Design(problem).network : mad::HandMadeShape(wish.name, problem);
  network.name = wish.name;
  return network;
}

std::string ListFile(const std::string& out) { return out + "/candidates.json"; }

std::string Digest(const std::string& source) {
  base::Crc32 crc;
  crc.Add(source);
  return crc.Hex();
}

std::string NetworkFile(const std::string& out, const std::string& name) { return out + "/candidates/" + name + "/network.yaml"; }

TuneCandidates FromList(const base::Json& list, const mad::DesignProblem& measure, const std::string& source, const std::string& out) {
  if (list.at("source") != Digest(source)) {
    throw base::UsageError("the folder holds another tuning", ListFile(out),
                           "give another --out, or the file and overrides it was begun with");
  }
  TuneCandidates candidates;
  for (const base::Json& one : list.at("candidates")) {
    const std::string name = one.at("name");
    StudyStructure structure{name, one.at("group"), StructureOrigin::kNetwork, mad::LoadNetwork(NetworkFile(out, name)), {}};
    if (StructureDigest(structure.network) != one.at("digest")) {
      throw base::UsageError("the network is not the one that the tuning began with", NetworkFile(out, name), "restore it");
    }
    structure.assessment = mad::Assess(measure, structure.network);
    candidates.structures.push_back(std::move(structure));
  }
  for (const base::Json& one : list.at("left_out")) candidates.left_out.push_back({one.at("name"), one.at("reason")});
  return candidates;
}

TuneCandidates Read(const mad::DesignProblem& measure, const std::string& source, const std::string& out) {
  try {
    return FromList(base::Json::parse(base::ReadFile(ListFile(out))), measure, source, out);
  } catch (const base::Json::exception&) {
    throw base::UsageError("not the list of candidates that a tuning writes", ListFile(out), "restore it, or give another --out");
  }
}

void Write(const TuneCandidates& candidates, const std::string& source, const std::string& out) {
  base::Json list = {{"version", 1}, {"source", Digest(source)}, {"candidates", base::Json::array()}, {"left_out", base::Json::array()}};
  for (const StudyStructure& one : candidates.structures) {
    base::CreateFolder(out + "/candidates/" + one.name);
    base::WriteFileAtomically(NetworkFile(out, one.name), mad::NetworkToYaml(one.network));
    list["candidates"].push_back({{"name", one.name}, {"group", one.group}, {"digest", StructureDigest(one.network)}});
  }
  for (const LeftOut& one : candidates.left_out) list["left_out"].push_back({{"name", one.name}, {"reason", one.reason}});
  base::WriteFileAtomically(ListFile(out), base::JsonText(list));  // last: only then are the candidates read again
}

}  // namespace

TuneCandidates SolveCandidates(const TunePlan& plan, const StudyConfig& config) {
  const mad::DesignProblem measure = ProblemOf(config, {});
  TuneCandidates candidates;
  const std::vector<Wish> wishes = WishesOf(plan);
  base::Progress progress({.label = "candidates", .total = static_cast<int64_t>(wishes.size()), .unit = "candidates"});
  int64_t done = 0;
  for (const Wish& wish : wishes) {
    if (base::StopRequested()) {
      throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after {} candidates", done), plan.name, "start again to go on");
    }
    try {
      StudyStructure structure{wish.name, wish.group, StructureOrigin::kDesign, Make(wish, config), {}};
      const auto same = [&](const StudyStructure& other) { return StructureDigest(other.network) == StructureDigest(structure.network); };
      const auto twin = std::find_if(candidates.structures.begin(), candidates.structures.end(), same);
      if (twin != candidates.structures.end()) {
        candidates.left_out.push_back({wish.name, "the same network as " + twin->name});
      } else {
        structure.assessment = mad::Assess(measure, structure.network);
        candidates.structures.push_back(std::move(structure));
      }
    } catch (const base::Error& error) {
      if (error.kind() != base::ErrorKind::kInfeasible) throw;
      candidates.left_out.push_back({wish.name, error.what()});
    }
    progress.Update(++done, wish.name);
  }
  if (candidates.structures.empty()) {
    throw base::InfeasibleError("no candidate keeps the budgets: " + candidates.left_out.front().reason, plan.name, "raise the budgets");
  }
  return candidates;
}

TuneCandidates MakeCandidates(const TunePlan& plan, const StudyConfig& config, const std::string& source, const std::string& out,
                              const std::function<void(const TuneCandidates&)>& check) {
  if (std::filesystem::exists(ListFile(out))) return Read(ProblemOf(config, {}), source, out);
  TuneCandidates candidates = SolveCandidates(plan, config);
  check(candidates);
  base::CreateFolder(out + "/candidates");
  const base::FolderLock lock = base::FolderLock::WaitFor(out + "/candidates");
  // Another process may have been as quick; its candidates are the same unless its tuning is another.
  if (std::filesystem::exists(ListFile(out))) return Read(ProblemOf(config, {}), source, out);
  Write(candidates, source, out);
  return candidates;
}

}  // namespace deepmad::train
