#pragma once

namespace deepmad::cli {

// Starts the program again with a bound on how long idle OpenMP threads spin, unless the environment already says how they wait. OpenMP's
// runtime reads its environment when it is loaded, before main, so setting the variable here would come too late.
// Unbounded spinning takes cores from loader threads and neighbours: with six busy processes on two cores a training step was 6 times
// slower (104 images/s against 805).
void BoundThreadSpinning(char** argv);

}  // namespace deepmad::cli
