// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/rank_service.h"

#include "core/engine/rank_jobs.h"
#include "core/engine/workspace.h"
#include "core/parallel/rank_place.h"
#include "core/support/error.h"
#include "core/support/log.h"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace mpo {

namespace {

constexpr int kLongestWaitMs = 3000, kPollMs = 50; ///< for what rank 0 has to say

/// Thrown out of the wait for a job.
struct NoMoreJobs
{
};

} // namespace

bool isLaterRank()
{
    const auto place = launchedPlace();
    return place && place->rank > 0;
}

bool serveAsRank(std::stop_token stop)
{
    if (!std::getenv("MPO_LOG"))
        log().set_level(spdlog::level::err); // rank 0 has the same warnings
    const auto ranks = connectRanks(*launchedPlace());
    PauseGate gate; // rank 0 says when all pause
    const EventSink nobody = [](Event) {};
    try {
        while (true) {
            const std::string text = ranks->nextAnnouncement([&] {
                if (stop.stop_requested())
                    throw NoMoreJobs();
            });
            if (text.empty())
                return true;
            const Json job = parseJson(text, "the job of rank 0");
            const auto project = Project::open(job.at("project").get<std::string>(), Project::Access::ReadOnly);
            const Workspace workspace(*project, nobody, stop, gate, ranks);
            const Command command = commandOf(job.at("command"));
            try {
                if (const auto* train = std::get_if<TrainStage>(&command))
                    trainCommand(workspace, *train);
                else
                    scoreCommand(workspace, std::get<ScorePairs>(command));
            } catch (const RunStopped&) { // rank 0 has stopped too, and says so
            }
        }
    } catch (const NoMoreJobs&) {
        return true;
    } catch (const LostRank& error) {
        // Rank 0 tells it if it is there.
        for (int i = 0; i < kLongestWaitMs / kPollMs; ++i) {
            if (!ranks->reasonOf(0).empty())
                return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
        }
        fail("Process {} of {}: {}", ranks->rank(), ranks->size(), error.what());
    } catch (const std::exception& error) {
        ranks->leaveReason(error.what());
        return false;
    }
}

} // namespace mpo
