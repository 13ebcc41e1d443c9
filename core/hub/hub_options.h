// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace mpo {

/// Where models come from and how patiently.
struct HubOptions
{
    std::string endpoint = "https://huggingface.co";
    std::string token; ///< empty: none. Goes to the endpoint's host only, never to where that sends us
    std::filesystem::path cache;
    bool links = true; ///< false: plain copies in snapshots, as on a file system without links
    int attempts = 6; ///< in a row without a new byte
    double firstDelay = 1.0; ///< seconds before the second attempt; doubles each time
    std::int64_t stallSeconds = 60; ///< without a byte: the connection counts as dropped
};
/// HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE ... Throws Error: one of them makes no sense, or HF_HUB_OFFLINE forbids it.
HubOptions hubOptionsFromEnvironment();

} // namespace mpo
