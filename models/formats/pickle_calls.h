// The calls that a pickle of tensors makes, answered by our own code.
#pragma once

#include <string>

#include "models/formats/pickle.h"

namespace deepmad::models {

// Value of `function` called with `arguments` (a tuple): a value of kind kCall where the function is not known here, or is itself what such
// a call would give. FailedError with `where` for arguments that do not fit a known function.
PickleValue PickledCall(Pickle& pickle, const PickleValue& function, const PickleValue& arguments, const std::string& where);

// Value of a persistent id: ("storage", type, key, location, elements), with None behind it in files of the older form.
PickleValue PickledPersistentId(Pickle& pickle, const PickleValue& id, const std::string& where);

}  // namespace deepmad::models
