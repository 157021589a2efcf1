// The calls that a pickle of tensors makes, answered by our own code.
#pragma once

#include <string>

#include "base/error.h"
#include "models/formats/pickle.h"

namespace deepmad::models {

// Value of `function` called with `arguments` (a tuple). FailedError with `where` and the function's name for one that is neither known nor
// harmless, and for arguments that do not fit.
PickleValue PickledCall(Pickle& pickle, const PickleValue& function, const PickleValue& arguments, const std::string& where);

// The error for a call that is not allowed, with the name of what is called.
base::Error RefusedCall(const PickledName& function, const std::string& where);

// Value of a persistent id: ("storage", type, key, location, elements), with None behind it in files of the older form.
PickleValue PickledPersistentId(Pickle& pickle, const PickleValue& id, const std::string& where);

}  // namespace deepmad::models
