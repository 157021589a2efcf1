// The ranks of one machine: this program, started again once for each of them.
#pragma once

namespace deepmad::train {

// Returns where this process is to do the work: `count` is 1, or it is one of the ranks. Else starts `count` ranks with its own command
// line, forwards SIGTERM, SIGINT and SIGUSR1, waits, and ends this process with the first exit code that is not 0. A rank that a signal
// killed gets a line; when one fails, the others have a few seconds to end by themselves. FailedError where none can be started.
void LaunchLocalRanks(int count);

}  // namespace deepmad::train
