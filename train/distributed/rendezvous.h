// Where the ranks of a run meet: the store at rank 0's address, and the wait for all to come.
#pragma once

#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "train/distributed/launch.h"

namespace deepmad::train {

// Both wait for at most `patience`. A rank whose wait is not over at once prints one line that says which variables made it a rank, whom it
// waits for and where: variables left over from another job make a rank that waits for nobody. A stop signal ends the wait with an Error of
// kind kStopped.

// The store that rank 0 (or the launcher) serves. Throws FailedError if it cannot be served or reached.
c10::intrusive_ptr<c10d::Store> OpenStore(const Launch& launch, std::chrono::seconds patience);

// Every rank's name, when all have come. Throws FailedError saying who has not.
std::vector<std::string> MeetRanks(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch, std::chrono::seconds patience);

}  // namespace deepmad::train
