// A file on disk is whole or absent: written under a temporary name in the same folder, synced, renamed, the folder synced.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace deepmad::base {

// Writes `content` to `path`, replacing an existing file in one step. Throws FailedError naming the path and the system's reason
// (disk full, read-only, missing folder); the old file, if any, is then untouched and no temporary file is left. Where nothing but the last
// step fails, syncing the folder, the new file is there already.
void WriteFileAtomically(const std::string& path, std::string_view content);

// The same for content produced piece by piece: `produce` gets a function that appends bytes.
using AppendBytes = std::function<void(const void* data, size_t size)>;
void WriteFileAtomically(const std::string& path, const std::function<void(const AppendBytes&)>& produce);

// The same for a library that writes by file name (an image encoder): `write` gets the temporary name, which keeps the extension of `path`.
void WriteFileAtomicallyByName(const std::string& path, const std::function<void(const std::string& temporary)>& write);

// Removes what writers that were killed left in the folder (not below it): temporary files that never got their final name. To be called
// while nobody else writes there. What cannot be removed stays.
void RemovePartialFiles(const std::string& folder);

// Whole content. Throws FailedError naming the path. `max_bytes` guards against a wrong file being swallowed.
std::string ReadFile(const std::string& path, size_t max_bytes = size_t{1} << 32);

// Creates the folder and its parents; an existing one is fine. Throws FailedError.
void CreateFolder(const std::string& path);

}  // namespace deepmad::base
