// Structures at the edge of what a problem admits: their own reported numbers are its budgets. DEEPMAD_LONG_TESTS=1 runs 1,000 random ones,
// some minutes of one core.
#include "tests/mad/only_structure.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/build_info.h"

namespace deepmad::mad {
namespace {

void ExpectRight(const EdgeOutcome& outcome, size_t budgets) {
  EXPECT_GE(outcome.designs, static_cast<int>(1 + budgets));
  for (const std::string& fault : outcome.faults) ADD_FAILURE() << fault;
}

TEST(OnlyStructureTest, EveryPublishedStructureIsFoundAndProvenAndEveryLoweredBudgetIsNamed) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/arch")) {
    SCOPED_TRACE(entry.path().stem().string());
    const NetworkSpec network = LoadNetwork(entry.path().string());
    for (const Formulation* formulation : {&PaperFormulation(), &ReferenceFormulation()}) {
      ExpectRight(SolveAtTheEdge(network, *formulation, Ranges::kSingle), 6);
    }
    ++files;
  }
  EXPECT_GE(files, 31);
}

TEST(OnlyStructureTest, RandomStructuresAreFoundAndProvenAndEveryLoweredBudgetIsNamed) {
  const uint64_t count = std::getenv("DEEPMAD_LONG_TESTS") ? 1000 : 30;
  for (uint64_t number = 0; number < count; ++number) {
    SCOPED_TRACE(number);
    ExpectRight(SolveAtTheEdge(NetworkOfNumber(number), FormulationOfNumber(number), Ranges::kSingle), 6);
  }
}

// Here the searches and the bound have to find the structure among others, all of which are over a budget.
TEST(OnlyStructureTest, IsFoundAndProvenAmongOthersThatTheBudgetsExclude) {
  const uint64_t count = std::getenv("DEEPMAD_LONG_TESTS") ? 100 : 3;
  for (uint64_t number = 0; number < count; ++number) {
    SCOPED_TRACE(number);
    ExpectRight(SolveAtTheEdge(NetworkOfNumber(number), FormulationOfNumber(number), Ranges::kWider), 6);
  }
}

}  // namespace
}  // namespace deepmad::mad
