// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/hub/hub_http.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace mpo {

struct HubProgress
{
    std::string file;
    int number = 0, files = 0; ///< of the file, from 1
    std::uint64_t fileDone = 0, fileBytes = 0, done = 0, bytes = 0; ///< of the file; of all, what was there before too
    double bytesPerSecond = 0.0; ///< of the last seconds; 0: not known yet
    double secondsLeft = -1.0; ///< negative: not known yet
};

/// Whom a download talks to, on its own thread.
struct HubListener
{
    std::function<bool()> stopped;
    std::function<void(const HubProgress&)> progress;
    std::function<void(const std::string&)> info, warning;
};

struct HubDownload
{
    std::filesystem::path folder; ///< snapshots/COMMIT
    std::string commit;
    int files = 0;
    std::uint64_t fetched = 0; ///< bytes that came in; 0: all was there
};

/// Fetches a model into the cache: settings, tokenizer and safetensors weights of one format. What is there already,
/// also half a file, is used. Names and sizes from the server are not trusted; content is checked by its hash. Throws
/// Error.
HubDownload downloadModel(
    const std::string& repository, const std::string& revision, const HubOptions& options, const HubListener& listener);

} // namespace mpo
