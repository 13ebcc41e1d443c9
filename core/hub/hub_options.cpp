// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/hub_options.h"

#include "core/hub/hub_paths.h"
#include "core/hub/url_origin.h"
#include "core/support/error.h"

namespace mpo {

namespace {

bool isYes(const std::string& text)
{
    const std::string value = lowerCase(text);
    return value == "1" || value == "on" || value == "yes" || value == "true";
}

} // namespace

HubOptions hubOptionsFromEnvironment()
{
    if (isYes(environmentVariable("HF_HUB_OFFLINE")))
        fail("HF_HUB_OFFLINE is set, so nothing is downloaded; unset it, or use what `mpo model cache` shows");
    HubOptions options;
    if (const std::string endpoint = environmentVariable("HF_ENDPOINT"); !endpoint.empty())
        options.endpoint = endpoint;
    options.token = hubToken();
    options.cache = hubCacheFolder();
    options.links = !isYes(environmentVariable("HF_HUB_DISABLE_SYMLINKS"));
    return options;
}

} // namespace mpo
