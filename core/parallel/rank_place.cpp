// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/parallel/rank_place.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace mpo {

namespace {

std::optional<std::string> variable(const char* name)
{
    const char* value = std::getenv(name);
    return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

int wholeNumber(const char* name, const std::string& text, int low, int high)
{
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
        fail("The environment variable {} = \"{}\" must be a whole number from {} to {}", name, text, low, high);
    return value;
}

std::string needed(const char* name)
{
    const auto value = variable(name);
    if (!value)
        fail("RANK and WORLD_SIZE are set, but {} is not; start the processes with torchrun, or unset them", name);
    return *value;
}

} // namespace

std::optional<RankPlace> launchedPlace()
{
    constexpr int kMostRanks = 65536, kHighestPort = 65535;
    const auto rank = variable("RANK"), size = variable("WORLD_SIZE");
    if (!rank || !size)
        return std::nullopt;
    RankPlace place;
    place.size = wholeNumber("WORLD_SIZE", *size, 1, kMostRanks);
    place.rank = wholeNumber("RANK", *rank, 0, place.size - 1);
    if (place.size == 1)
        return std::nullopt;
    place.address = needed("MASTER_ADDR");
    place.port = std::uint16_t(wholeNumber("MASTER_PORT", needed("MASTER_PORT"), 1, kHighestPort));
    // torchrun's agent serves the store itself then.
    const bool agentServes = variable("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
    place.hostsStore = place.rank == 0 && !agentServes;
    const bool loopback = place.address == "localhost" || place.address.starts_with("127.") || place.address == "::1";
    place.oneMachine = loopback || variable("LOCAL_WORLD_SIZE") == size;
    place.attempt = variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
    return place;
}

} // namespace mpo
