// Two ranks that were not started alike: both end before they train, with one line that says what differs.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "tests/cli/small_run.h"
#include "tests/free_port.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

class RankAgreementTest : public testing::Test {
 protected:
  // `difference` with "rank 0 (host)" and "rank 1 (host)" in place of {0} and {1}.
  static void ExpectRefused(const std::vector<std::string>& words0, const std::vector<std::string>& words1, const std::string& difference,
                            const std::string& program1 = ProgramFile()) {
    const std::string port = std::to_string(FreePort());
    const auto environment = [&](int rank) -> std::vector<std::string> {
      return {"RANK=" + std::to_string(rank), "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port};
    };
    Program rank0(words0, environment(0)), rank1(words1, environment(1), program1);
    const Outcome outcomes[] = {rank0.Wait(), rank1.Wait()};
    for (const int rank : {0, 1}) {
      const Outcome& outcome = outcomes[rank];
      EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
      EXPECT_EQ(outcome.out, "");
      EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
      EXPECT_TRUE(outcome.err.starts_with("deepmad: rank " + std::to_string(rank) + " (")) << outcome.err;
      EXPECT_TRUE(outcome.err.ends_with(WithHosts(difference) + "\n")) << outcome.err << WithHosts(difference);
    }
  }

  static std::string WithHosts(std::string text) {
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    for (const char* rank : {"0", "1"}) {
      const std::string mark = "{" + std::string(rank) + "}";
      text.replace(text.find(mark), mark.size(), "rank " + std::string(rank) + " (" + host + ")");
    }
    return text;
  }

  const SmallRun run_;
  const TemporaryFolder folder_;
  const std::string out_ = folder_.File("run");
};

TEST_F(RankAgreementTest, AnotherConfigurationIsNamed) {
  ExpectRefused(run_.Words(out_), run_.Words(out_, {"train.batch_size=32"}),
                "the configuration must be the same on every rank: train.batch_size is 32 on {1}, 64 on {0}");
  ExpectRefused(run_.Words(out_), run_.Words(out_, {"train.clip_norm=5"}),
                "the configuration must be the same on every rank: train.clip_norm is 5 on {1}, absent on {0}");
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(RankAgreementTest, OtherDataAreNamedWhereverTheyLie) {
  const auto pack = [&](int samples) {
    const std::string root = folder_.File("pack" + std::to_string(samples));
    const Outcome packed = Deepmad({"pack", run_.run_file(), "--out", root, "data.samples=" + std::to_string(samples)});
    EXPECT_EQ(packed.exit_code, 0) << packed.err;
    return "data={name: pack, image_size: 16, root: " + root + "}";
  };
  ExpectRefused(run_.Words(out_, {pack(384)}), run_.Words(out_, {pack(383)}),
                "the data must be the same on every rank: number of training samples is 383 on {1}, 384 on {0}");
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(RankAgreementTest, AnotherRevisionOfTheProgramIsNamed) {
  // The same program under a revision of its own; the compiler keeps the first eight characters in one piece.
  const std::string revision = base::GitRevision().substr(0, 8), other = "00000000", copy = folder_.File("deepmad");
  if (base::GitRevision() == "unknown") GTEST_SKIP() << "built outside a checkout";
  std::string program = base::ReadFile(ProgramFile());
  int found = 0;
  for (size_t at = program.find(revision); at != std::string::npos; at = program.find(revision, at + other.size()), ++found) {
    program.replace(at, other.size(), other);
  }
  ASSERT_GT(found, 0);
  base::WriteFileAtomically(copy, program);
  fs::permissions(copy, fs::perms::owner_all);
  std::string altered = base::GitRevision();
  altered.replace(0, other.size(), other);
  ExpectRefused(run_.Words(out_), run_.Words(out_),
                "the program must be the same on every rank: revision is '" + altered + "' on {1}, '" + base::GitRevision() + "' on {0}",
                copy);
}

TEST_F(RankAgreementTest, OtherWeightsToValidateAreNamed) {
  ASSERT_EQ(run_.Train(out_, {"train.epochs=1"}).exit_code, 0);
  const std::string copied = folder_.File("copy");
  fs::copy(out_, copied, fs::copy_options::recursive);
  fs::copy_file(out_ + "/last_ema.safetensors", copied + "/last.safetensors", fs::copy_options::overwrite_existing);
  const auto digest = [&](const std::string& folder) {
    const std::string text = Deepmad({"validate", folder, "--device", "cpu", "--json"}).out, key = "\"weights_digest\":\"";
    const size_t begin = text.find(key) + key.size();
    return text.substr(begin, text.find('"', begin) - begin);
  };
  ExpectRefused({"validate", out_, "--device", "cpu", "--quiet"}, {"validate", copied, "--device", "cpu", "--quiet"},
                "the weights must be the same on every rank: digest is '" + digest(copied) + "' on {1}, '" + digest(out_) + "' on {0}");
}

}  // namespace
}  // namespace deepmad::cli
