// What all ranks of a run must have alike, compared before the work begins: with two configurations they would train neither.
#pragma once

#include <string>

#include "models/device.h"
#include "train/rank_group.h"

namespace deepmad::train {

// Returns once every rank has called it with rank 0's values. `yaml` holds this rank's, `what` names them: "the configuration". A rank
// whose values differ throws a UsageError with the first key that does; its word ends the others, which wait here.
void CheckAgreement(const std::string& what, const std::string& yaml, const RankGroup& ranks);

// Returns once every rank has called it, each with the identity of its device (models::DeviceUuid). A rank whose device an earlier rank has
// too throws a UsageError; its word ends the others. Devices of unknown identity are not compared.
void CheckOwnDevices(const models::Uuid& device, const RankGroup& ranks);

}  // namespace deepmad::train
