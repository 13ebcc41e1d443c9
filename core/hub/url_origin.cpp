// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/url_origin.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

namespace mpo {

std::string lowerCase(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return result;
}

std::optional<UrlOrigin> originOf(const std::string& url)
{
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
        return std::nullopt;
    UrlOrigin origin;
    for (const auto& [part, text] : {std::pair {CURLUPART_SCHEME, &origin.scheme},
             std::pair {CURLUPART_HOST, &origin.host}, std::pair {CURLUPART_PORT, &origin.port}}) {
        char* value = nullptr;
        if (curl_url_get(parsed.get(), part, &value, CURLU_DEFAULT_PORT) != CURLUE_OK)
            return std::nullopt;
        *text = lowerCase(value);
        curl_free(value);
    }
    if (origin.scheme != "http" && origin.scheme != "https")
        return std::nullopt;
    return origin;
}

bool isThisMachine(const UrlOrigin& origin)
{
    return origin.host == "localhost" || origin.host.starts_with("127.") || origin.host == "[::1]";
}

} // namespace mpo
