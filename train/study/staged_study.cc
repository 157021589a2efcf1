#include "train/study/staged_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "train/study/run_records.h"

namespace deepmad::train {
namespace {

namespace fs = std::filesystem;

const StudyStructure& StructureOf(const std::vector<StudyStructure>& structures, const StudyRun& run) {
  return *std::find_if(structures.begin(), structures.end(), [&](const StudyStructure& one) { return one.name == run.structure; });
}

base::Json MakeRecord(const StudyRun& run, const StudyStructure& structure) {
  base::Json factors = base::Json::object();
  for (const auto& [name, value] : run.factors) factors[name] = value;
  return {{"run", run.name},
          {"stage", run.stage},
          {"structure", run.structure},
          {"group", run.group},
          {"digest", StructureDigest(structure.network)},
          {"factors", factors},
          {"seed", run.seed},
          {"version", base::Version()},
          {"revision", base::GitRevision()}};
}

void CheckStructures(const std::map<std::string, base::Json>& records, const std::vector<StudyStructure>& structures,
                     const std::string& file) {
  for (const auto& [name, record] : records) {
    const auto found = std::find_if(structures.begin(), structures.end(),
                                    [&](const StudyStructure& one) { return one.name == record.at("structure").get<std::string>(); });
    if (found != structures.end() && record.at("digest") == StructureDigest(found->network)) continue;
    throw base::UsageError("the record of run " + name + " is of another structure", file, "restore the structures it was made with");
  }
}

void Append(const RunRecords& records, const base::Json& record, const std::string& claims) {
  const base::FolderLock lock = base::FolderLock::WaitFor(claims);
  records.Append(record);
}

}  // namespace

std::unique_ptr<base::FolderLock> TryClaim(const std::string& folder) {
  base::CreateFolder(folder);
  try {
    return std::make_unique<base::FolderLock>(folder);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kUsage) throw;
    return nullptr;
  }
}

StudyProgress WorkThrough(const KnownRuns& known, const std::vector<StudyStructure>& structures, const StudyFolder& folder,
                          const ExecuteRun& execute) {
  const RunRecords file(folder.records());
  base::CreateFolder(folder.claims());
  for (;;) {
    const auto records = file.Read();
    CheckStructures(records, structures, folder.records());
    const StageRuns stages = known(records);
    StudyProgress progress;
    progress.known = static_cast<int64_t>(stages.runs.size());
    bool began = false;
    for (const StudyRun& run : stages.runs) {
      if (records.contains(run.name)) {
        ++progress.done;
        continue;
      }
      if (base::StopRequested()) {
        throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped after {} of {} runs", records.size(), progress.known), folder.out,
                          "start again to go on");
      }
      const std::unique_ptr<base::FolderLock> claim = TryClaim(folder.claims() + "/" + run.name);
      if (claim == nullptr) {
        ++progress.elsewhere;
        continue;
      }
      if (file.Read().contains(run.name)) {  // another process has ended it since
        began = true;
        break;
      }
      const StudyStructure& structure = StructureOf(structures, run);
      base::Json record = MakeRecord(run, structure);
      record.update(execute(run, structure, folder.run(run)));
      Append(file, record, folder.claims());
      if (!folder.keep_runs) fs::remove_all(folder.run(run));
      base::LogInfo(fmt::format("run {}/{}: {}", file.Read().size(), progress.known, run.name));
      began = true;
      break;
    }
    if (began) continue;
    progress.complete = stages.complete && progress.done == progress.known;
    return progress;
  }
}

}  // namespace deepmad::train
