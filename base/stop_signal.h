// SIGTERM, SIGINT and SIGUSR1 ask a run to save its state and stop: the handler sets a flag, the loop looks at it once a step.
#pragma once

namespace deepmad::base {

// Installs the handlers. A second signal of the same kind ends the process at once.
void InstallStopHandlers();
bool StopRequested();
void RequestStop();       // what a handler does; for tests
void ClearStopRequest();  // for tests

}  // namespace deepmad::base
