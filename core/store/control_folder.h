// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

// How programs that only read a project follow the one that writes it and ask something of it, by small files:
//   PROJECT/control/writer.json          who writes, and what it does right now; replaced some times a second
//   PROJECT/control/requests/ID.json     a request, put there complete (rename) and taken away once it is answered
//   PROJECT/control/answers/ID.json      its answer
// A request names the writer it is meant for (`instance`, drawn anew each time a project is opened for writing), so
// what was left for a program that has died is never obeyed by the next one. None of this needs to survive a power cut.

struct WriterState
{
    std::string instance; ///< 32 hexadecimal digits
    std::int64_t process = 0;
    std::string program; ///< "mpo", "mpo-studio"
    bool busy = false, paused = false;
    std::int64_t run = 0; ///< that goes on; 0: none
    std::int64_t firstStep = 0; ///< of the run in this program: > 0, resumed
    std::string what, detail; ///< what is under way that has no metrics: "Scoring pairs", "312 of 4,000"
    double share = -1.0; ///< of it, in [0, 1]; negative: unknown
    std::string pipelineTitle; ///< empty: no pipeline
    int pipelineStep = 0, pipelineSteps = 0;

    bool operator==(const WriterState&) const = default;
};

enum class RequestKind {
    Pause, ///< hold in memory at the next micro-batch
    Release, ///< pause and let go of the memory: end with a checkpoint, to be gone on with later
    Resume,
    Checkpoint, ///< write one now
    Stop, ///< end with a checkpoint
    Discard ///< end and throw away what the run has made
};
std::string_view requestName(RequestKind kind); ///< "pause", "release", ...

struct Request
{
    std::string id, instance; ///< instance: of the writer that is asked
    RequestKind kind = RequestKind::Pause;
    std::int64_t run = 0; ///< 0: whatever goes on
    std::int64_t process = 0; ///< who asks
};

struct Answer
{
    bool done = false;
    std::string message; ///< one sentence: what was done, or why not
};

// For those who read. `project` is the folder of the project.

/// Process that holds the project for writing (0: not known); nothing: nobody does.
std::optional<long> writingProcess(const std::filesystem::path& project);
/// The program that writes now; nothing when none does or it takes no requests. Reads a file: for some times a second.
std::optional<WriterState> readWriter(const std::filesystem::path& project);
/// Puts a request for the writer; returns its id. Throws Error: nobody writes, or the folder cannot be written.
std::string putRequest(const std::filesystem::path& project, RequestKind kind, std::int64_t run);
/// The answer, which is taken away; nothing: not yet.
std::optional<Answer> takeAnswer(const std::filesystem::path& project, const std::string& id);
/// putRequest, then waits for the answer. Throws Error: as putRequest, the writer has ended, or no answer within
/// `longest`.
Answer askWriter(const std::filesystem::path& project, RequestKind kind, std::int64_t run,
    std::chrono::milliseconds longest = std::chrono::seconds(30));

/// For the one that writes: REQUIRES the project's lock. Members may be called on one thread at a time.
class ControlFolder
{
public:
    /// Takes away what an earlier writer left. Where the folder cannot be made nothing is told and nothing heard.
    explicit ControlFolder(const std::filesystem::path& project);
    ~ControlFolder(); ///< takes writer.json away

    const std::string& instance() const { return m_instance; }
    void publish(WriterState state); ///< fills in instance, process and program
    /// Requests to this writer that were not returned before, oldest first; takes away what nobody can obey.
    std::vector<Request> newRequests();
    void answer(const Request& request, const Answer& answer);

private:
    std::filesystem::path m_folder;
    std::string m_instance;
    std::vector<std::string> m_seen; ///< ids returned, so that one that cannot be taken away is not obeyed twice
};

} // namespace mpo
