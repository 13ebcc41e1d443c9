// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/cli/arguments.h"
#include "core/engine/event.h"
#include "core/support/json.h"

#include <chrono>
#include <string>
#include <vector>

namespace mpo::cli {

/// Which events of a command belong on stdout with --json.
struct Printing
{
    enum class Json { Results, Steps, Everything };
    Json json
        = Json::Results; ///< Steps: also every optimiser step and the end; Everything: also the steps of a pipeline
    std::string result; ///< for the end: the model that is made
};

/// The JSON lines of one event: scores, samples and log-probs are one line per row. No line for logs and progress.
std::vector<Json> jsonLines(const Event& event, const Printing& printing);

/// Events as lines for people, or as JSON lines. Called on one thread at a time.
class EventPrinter
{
public:
    EventPrinter(const GlobalOptions& global, Printing printing);
    void print(const Event& event);

private:
    void printForPeople(const Event& event);
    void printStep(const MetricsLogged& step);
    void noteProgress(const std::string& what);

    bool m_json, m_quiet;
    Printing m_printing;
    std::string m_stage; ///< of the run that goes on
    std::vector<std::string> m_columns; ///< metrics in the table of steps; empty: not begun
    double m_nextShare = 0.0; ///< of the steps, when the next row is due
    std::int64_t m_firstStep = 0;
    Metrics m_evaluation; ///< eval_ metrics seen last
    std::string m_progress; ///< what is under way
    std::chrono::steady_clock::time_point m_progressBegin;
    bool m_progressNoted = false;
};

} // namespace mpo::cli
