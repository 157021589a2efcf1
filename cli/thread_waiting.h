#pragma once

namespace deepmad::cli {

// Starts the program again with a bound on how long idle OpenMP threads spin, unless the environment already says how they wait. OpenMP's
// runtime reads its environment when it is loaded, before main, so setting the variable here would come too late.
// Unbounded spinning takes cores from loader threads and neighbours; with hardly any, each short parallel loop waits for the system to wake
// a thread. Training steps/s of the quick start on two cores:
//   bound                  1,000   10,000   none
//   machine to itself       16.1     24.6   25.3
//   one busy neighbour       7.2      4.7    0.5
//   six                      2.2      1.5    1.0
void BoundThreadSpinning(char** argv);

}  // namespace deepmad::cli
