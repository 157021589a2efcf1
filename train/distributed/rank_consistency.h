// Checks before the work begins that all ranks of a run were started with the same configuration and data.
#pragma once

#include <string>

#include "models/device/device.h"
#include "train/distributed/rank_group.h"

namespace deepmad::train {

// Compares `yaml` with that of rank 0 and returns once all ranks have agreed. `what` names it in messages, for example "the configuration".
// A rank that differs throws UsageError naming the first different key; its heartbeat then ends the ranks that wait here.
void CheckAgreement(const std::string& what, const std::string& yaml, const RankGroup& ranks);

// Returns once every rank has called it, each with the identity of its device (models::DeviceUuid). A rank whose device an earlier rank has
// too throws a UsageError; its word ends the others. Devices of unknown identity are not compared.
void CheckOwnDevices(const models::Uuid& device, const RankGroup& ranks);

}  // namespace deepmad::train
