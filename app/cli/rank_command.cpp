// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/engine_session.h"
#include "core/engine/rank_service.h"

namespace mpo::cli {

void addRankCommand(CLI::App& app, Arguments& arguments)
{
    auto* rank = app.add_subcommand("rank", "One of the processes that `processes` starts")->group(""); // not in help
    rank->callback([&arguments] {
        arguments.action = [](const GlobalOptions&) -> int {
            if (!isLaterRank())
                throw UsageError("rank: is started by mpo itself; give processes=N to `mpo train`");
            return serveOtherRank();
        };
    });
}

} // namespace mpo::cli
