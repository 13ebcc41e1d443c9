// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/hub/hub_http.h"

namespace mpo {

/// What was asked of the hub.
struct HubRequest
{
    std::string repository, revision;
    std::string what; ///< "config.json", "the model"
    std::string endpoint;
    bool token = false; ///< one was sent
};

/// Throws Error: why the hub refuses, and what the user can do about it.
[[noreturn]] void failRefused(const HubReply& reply, const HubRequest& request);

} // namespace mpo
