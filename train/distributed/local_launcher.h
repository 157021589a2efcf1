// The ranks of one machine: this program, started again once for each of them.
#pragma once

namespace deepmad::train {

// `count`: 0 where nobody asked for local ranks. Returns where this process is to do the work: `count` is 0 or 1, or it is one of the ranks
// started here. UsageError where another launcher made this process a rank: ranks within ranks are a mistake. Else starts `count` ranks
// with its own command line, forwards SIGTERM, SIGINT and SIGUSR1, waits, and ends this process with the first exit code that is not 0. A
// rank that a signal killed gets a line; when one fails, the others have a few seconds to end by themselves. FailedError where none can be
// started.
void LaunchLocalRanks(int count);

}  // namespace deepmad::train
