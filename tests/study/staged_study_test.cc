#include "train/study/staged_study.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/stop_signal.h"
#include "tests/study/small_study.h"
#include "tests/temporary_folder.h"
#include "train/study/run_records.h"

namespace deepmad::train {
namespace {

class StagedStudyTest : public testing::Test {
 protected:
  ~StagedStudyTest() override { base::ClearStopRequest(); }

  std::vector<StudyStructure> Structures() const { return FixedStructures(plan_, SmallStudy, folder_.out); }
  StudyProgress Work(const ExecuteRun& execute) const {
    return WorkThrough([&](const auto& records) { return RunsOfStages(plan_, records); }, Structures(), folder_, execute);
  }
  std::string ErrorText(const std::function<void()>& act) const {
    try {
      act();
    } catch (const base::Error& error) {
      return error.what();
    }
    return "";
  }

  // 0.2 is the best rate for all.
  static base::Json Score(const StudyRun& run) {
    const double score = run.factors.front().second == "0.2" ? 0.75 : 0.25;
    return {{"status", "finished"}, {"validation", {{"top1", score}}}};
  }

  const TemporaryFolder temporary_;
  const StudyPlan plan_ = ReadStudyPlan(SmallStudy());
  const StudyFolder folder_{temporary_.File("study")};
};

TEST_F(StagedStudyTest, EachRunIsDoneOnceAndRecorded) {
  std::vector<std::string> done;
  const StudyProgress progress = Work([&](const StudyRun& run, const StudyStructure& structure, const std::string& folder) {
    EXPECT_EQ(structure.name, run.structure);
    base::CreateFolder(folder);
    base::WriteFileAtomically(folder + "/last.safetensors", "weights");
    done.push_back(run.name);
    return Score(run);
  });
  EXPECT_TRUE(progress.complete);
  EXPECT_EQ(progress.done, 9 + 14 + 2);
  EXPECT_EQ(done.size(), 25U);
  const auto records = RunRecords(folder_.records()).Read();
  EXPECT_EQ(records.size(), 25U);
  const base::Json& record = records.at("main/level-03/lr=0.2/seed=4");
  EXPECT_EQ(record.at("structure"), "level-03");
  EXPECT_EQ(record.at("group"), "level");
  EXPECT_EQ(record.at("factors").at("lr"), "0.2");
  EXPECT_EQ(record.at("seed"), 4);
  EXPECT_EQ(record.at("validation").at("top1"), 0.75);
  EXPECT_FALSE(record.at("revision").get<std::string>().empty());
  EXPECT_FALSE(std::filesystem::exists(folder_.out + "/runs/" + done.front())) << "the record is all that is kept";
  done.clear();
  EXPECT_TRUE(Work([&](const StudyRun& run, const StudyStructure&, const std::string&) {
                done.push_back(run.name);
                return Score(run);
              }).complete);
  EXPECT_TRUE(done.empty());
}

TEST_F(StagedStudyTest, AnInterruptedRunIsDoneAgainAndNothingElse) {
  std::vector<std::string> done;
  const ExecuteRun execute = [&](const StudyRun& run, const StudyStructure&, const std::string&) -> base::Json {
    done.push_back(run.name);
    if (done.size() == 4) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal");
    return Score(run);
  };
  EXPECT_EQ(ErrorText([&] { Work(execute); }), "stopped by a signal");
  EXPECT_EQ(RunRecords(folder_.records()).Read().size(), 3U);
  EXPECT_TRUE(Work(execute).complete);
  EXPECT_EQ(done.size(), 26U);
  EXPECT_EQ(done[3], done[4]);
}

TEST_F(StagedStudyTest, ASignalEndsItBetweenRuns) {
  const std::string text = ErrorText([&] {
    Work([&](const StudyRun& run, const StudyStructure&, const std::string&) {
      base::RequestStop();
      return Score(run);
    });
  });
  EXPECT_NE(text.find("stopped after 1 of 9 runs"), std::string::npos) << text;
}

TEST_F(StagedStudyTest, ARunThatAnotherProcessHoldsIsLeftToIt) {
  const std::string name = "tune/mine/lr=0.4/seed=100";
  base::CreateFolder(folder_.claims() + "/" + name);
  const base::FolderLock held(folder_.claims() + "/" + name);
  const StudyProgress progress = Work([](const StudyRun& run, const StudyStructure&, const std::string&) { return Score(run); });
  EXPECT_FALSE(progress.complete);
  EXPECT_EQ(progress.elsewhere, 1);
  EXPECT_EQ(progress.done, 8 + 12 + 2) << "the level's stages do not wait for a structure of another group";
}

TEST_F(StagedStudyTest, TwoAtOnceShareTheRuns) {
  const std::vector<StudyStructure> structures = Structures();
  std::atomic<int> done = 0;
  const auto work = [&] {
    WorkThrough([&](const auto& records) { return RunsOfStages(plan_, records); }, structures, folder_,
                [&](const StudyRun& run, const StudyStructure&, const std::string&) {
                  ++done;
                  std::this_thread::sleep_for(std::chrono::milliseconds(2));
                  return Score(run);
                });
  };
  std::thread one(work), other(work);
  one.join();
  other.join();
  work();  // what the one that ended first may have left to a choice of the other's
  EXPECT_EQ(done, 25);
  EXPECT_EQ(RunRecords(folder_.records()).Read().size(), 25U);
}

TEST_F(StagedStudyTest, StructuresStayThoseOfTheList) {
  const std::vector<StudyStructure> made = Structures();
  const std::string list = base::ReadFile(folder_.out + "/structures.csv");
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 8);
  EXPECT_EQ(StructureTable(Structures()), list) << "taken as they lie there";
  const std::string mine = folder_.out + "/structures/mine/network.yaml";
  base::WriteFileAtomically(mine, base::ReadFile(folder_.out + "/structures/level-00/network.yaml"));
  EXPECT_NE(ErrorText([&] { Structures(); }).find("not those that the list has"), std::string::npos);
}

TEST_F(StagedStudyTest, RecordsOfOtherStructuresAreRefused) {
  Structures();
  RunRecords(folder_.records()).Append({{"run", "main/mine/lr=0.1/seed=3"}, {"structure", "mine"}, {"digest", "00000000"}});
  const std::string text =
      ErrorText([&] { Work([](const StudyRun& run, const StudyStructure&, const std::string&) { return Score(run); }); });
  EXPECT_NE(text.find("is of another structure"), std::string::npos) << text;
}

TEST(StructureDigest, LeavesOutTheName) {
  mad::NetworkSpec network = mad::NetworkFromConfig(base::Config::FromText(ReadStudyPlan(SmallStudy()).wishes.back().network));
  const std::string digest = StructureDigest(network);
  network.name = "another";
  EXPECT_EQ(StructureDigest(network), digest);
  network.blocks[1].out_channels += 8;
  EXPECT_NE(StructureDigest(network), digest);
}

}  // namespace
}  // namespace deepmad::train
