// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/control_folder.h"

#include "core/store/lock_file.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <thread>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kLargestFile = 64 * 1024; // ours have a few hundred bytes; anyone may put something there
constexpr std::size_t kIdLength = 32;
constexpr std::size_t kMostRequests = 64; // looked at in one go
constexpr auto kAnswersKept = std::chrono::minutes(10); // an asker that has gone does not fetch its own
constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr std::array<std::string_view, 6> kNames {"pause", "release", "resume", "checkpoint", "stop", "discard"};

fs::path controlFolder(const fs::path& project) { return project / "control"; }

std::string newId()
{
    std::random_device device;
    std::string id;
    for (int i = 0; i < 4; ++i)
        id += fmt::format("{:08x}", device());
    return id;
}

bool isId(std::string_view text)
{
    return text.size() == kIdLength && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Complete or not at all, but not synced: it is of no use after a power cut.
bool putFile(const fs::path& file, const Json& value)
{
    const fs::path temporary = file.string() + fmt::format(".{}.tmp", ::getpid());
    const std::string text = toLine(value) + "\n";
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0)
        return false;
    const bool written = ::write(descriptor, text.data(), text.size()) == ssize_t(text.size());
    ::close(descriptor);
    if (written && ::rename(temporary.c_str(), file.c_str()) == 0)
        return true;
    ::unlink(temporary.c_str());
    return false;
}

/// Null for what is not one of ours.
Json objectIn(const fs::path& file)
{
    try {
        std::error_code error;
        if (!fs::is_regular_file(file, error))
            return {};
        JsonProblem problem;
        const auto json = tryParseJson(readTextFile(file, kLargestFile), problem);
        return json && json->is_object() ? *json : Json();
    } catch (const Error&) {
        return {};
    }
}

std::string textAt(const Json& json, const char* key)
{
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t wholeAt(const Json& json, const char* key)
{
    const auto found = json.find(key);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flagAt(const Json& json, const char* key)
{
    const auto found = json.find(key);
    return found != json.end() && found->is_boolean() && found->get<bool>();
}

std::optional<Request> requestFrom(const Json& json)
{
    Request request {textAt(json, "id"), textAt(json, "instance"), {}, wholeAt(json, "run"), wholeAt(json, "process")};
    const auto name = std::find(kNames.begin(), kNames.end(), textAt(json, "kind"));
    if (!isId(request.id) || !isId(request.instance) || name == kNames.end())
        return std::nullopt;
    request.kind = RequestKind(name - kNames.begin());
    return request;
}

std::string programName()
{
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    return error ? std::string("mpo") : program.filename().string();
}

/// A link would lead writing out of the project.
bool isOurFolder(const fs::path& folder)
{
    std::error_code error;
    fs::create_directory(folder, error);
    return fs::is_directory(fs::symlink_status(folder, error));
}

/// Of those that nobody has fetched; one that has just been given by a writer that has gone may still be wanted.
void removeOldAnswers(const fs::path& folder)
{
    std::error_code ignored;
    const auto now = fs::file_time_type::clock::now();
    for (const auto& entry : fs::directory_iterator(folder, ignored))
        if (now - fs::last_write_time(entry.path(), ignored) > kAnswersKept)
            fs::remove(entry.path(), ignored);
}

} // namespace

std::string_view requestName(RequestKind kind) { return kNames[std::size_t(kind)]; }

std::optional<long> writingProcess(const fs::path& project) { return LockFile::holder(project / "project.lock"); }

std::optional<WriterState> readWriter(const fs::path& project)
{
    if (!writingProcess(project))
        return std::nullopt;
    const Json json = objectIn(controlFolder(project) / "writer.json");
    WriterState state;
    state.instance = textAt(json, "instance");
    if (!isId(state.instance))
        return std::nullopt;
    state.process = wholeAt(json, "process");
    state.program = textAt(json, "program");
    state.busy = flagAt(json, "busy");
    state.paused = flagAt(json, "paused");
    state.run = wholeAt(json, "run");
    state.firstStep = wholeAt(json, "first_step");
    state.what = textAt(json, "what");
    state.detail = textAt(json, "detail");
    if (const auto share = json.find("share"); share != json.end() && share->is_number())
        state.share = share->get<double>();
    state.pipelineTitle = textAt(json, "pipeline_title");
    state.pipelineStep = int(std::clamp<std::int64_t>(wholeAt(json, "pipeline_step"), 0, 1000));
    state.pipelineSteps = int(std::clamp<std::int64_t>(wholeAt(json, "pipeline_steps"), 0, 1000));
    return state;
}

std::string putRequest(const fs::path& project, RequestKind kind, std::int64_t run)
{
    const auto writer = readWriter(project);
    if (!writer) {
        const auto process = writingProcess(project);
        if (!process)
            fail("{}: no program writes to this project now, so there is nothing to {}", project.string(),
                requestName(kind));
        fail("{}: the program that has the project open (process {}) takes no requests", project.string(), *process);
    }
    const std::string id = newId();
    const fs::path folder = controlFolder(project) / "requests";
    if (!putFile(folder / (id + ".json"),
            {{"id", id}, {"instance", writer->instance}, {"kind", requestName(kind)}, {"run", run},
                {"process", ::getpid()}}))
        fail("{}: cannot be written, so the program that runs cannot be asked to {}; check the permissions of the "
             "folder",
            folder.string(), requestName(kind));
    return id;
}

std::optional<Answer> takeAnswer(const fs::path& project, const std::string& id)
{
    const fs::path file = controlFolder(project) / "answers" / (id + ".json");
    const Json json = objectIn(file);
    if (!json.is_object())
        return std::nullopt;
    std::error_code ignored;
    fs::remove(file, ignored);
    return Answer {flagAt(json, "done"), textAt(json, "message")};
}

Answer askWriter(const fs::path& project, RequestKind kind, std::int64_t run, std::chrono::milliseconds longest)
{
    const auto asked = readWriter(project);
    const std::string id = putRequest(project, kind, run);
    const auto end = std::chrono::steady_clock::now() + longest;
    std::error_code ignored;
    const fs::path request = controlFolder(project) / "requests" / (id + ".json");
    while (true) {
        // Looked at before the answer: what it said before it went is still found.
        const auto writer = readWriter(project);
        const bool gone = writer ? !asked || writer->instance != asked->instance : !writingProcess(project);
        if (const auto answer = takeAnswer(project, id))
            return *answer;
        if (gone) {
            fs::remove(request, ignored);
            fail("{}: the program that ran has ended before it answered; `mpo runs list` shows what it left",
                project.string());
        }
        if (std::chrono::steady_clock::now() > end) {
            fs::remove(request, ignored);
            fail("{}: the program that runs (process {}) did not answer within {} seconds", project.string(),
                writingProcess(project).value_or(0), std::chrono::duration_cast<std::chrono::seconds>(longest).count());
        }
        std::this_thread::sleep_for(kPoll);
    }
}

ControlFolder::ControlFolder(const fs::path& project)
    : m_folder(controlFolder(project))
    , m_instance(newId())
{
    for (const fs::path& folder : {m_folder, m_folder / "requests", m_folder / "answers"})
        if (!isOurFolder(folder)) {
            m_folder.clear();
            return;
        }
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(m_folder / "requests", ignored))
        fs::remove(entry.path(), ignored);
    removeOldAnswers(m_folder / "answers");
}

ControlFolder::~ControlFolder()
{
    std::error_code ignored;
    if (!m_folder.empty())
        fs::remove(m_folder / "writer.json", ignored);
}

void ControlFolder::publish(WriterState state)
{
    static const std::string s_program = programName();
    if (m_folder.empty())
        return;
    putFile(m_folder / "writer.json",
        {{"instance", m_instance}, {"process", ::getpid()}, {"program", s_program}, {"busy", state.busy},
            {"paused", state.paused}, {"run", state.run}, {"first_step", state.firstStep}, {"what", state.what},
            {"detail", state.detail}, {"share", state.share}, {"pipeline_title", state.pipelineTitle},
            {"pipeline_step", state.pipelineStep}, {"pipeline_steps", state.pipelineSteps}});
}

std::vector<Request> ControlFolder::newRequests()
{
    struct Found
    {
        fs::file_time_type time;
        Request request;
    };
    std::vector<Found> found;
    std::error_code error;
    if (m_folder.empty())
        return {};
    for (const auto& entry : fs::directory_iterator(m_folder / "requests", error)) {
        const fs::path& file = entry.path();
        if (file.extension() != ".json")
            continue; // being written
        if (found.size() == kMostRequests)
            break;
        const auto request = requestFrom(objectIn(file));
        // A request for a writer that has gone, or what is no request at all.
        if (!request || request->instance != m_instance || file.stem() != request->id) {
            fs::remove(file, error);
            continue;
        }
        if (std::find(m_seen.begin(), m_seen.end(), request->id) == m_seen.end())
            found.push_back({fs::last_write_time(file, error), *request});
    }
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.time < b.time; });
    std::vector<Request> requests;
    for (Found& each : found) {
        m_seen.push_back(each.request.id);
        requests.push_back(std::move(each.request));
    }
    return requests;
}

void ControlFolder::answer(const Request& request, const Answer& answer)
{
    std::error_code ignored;
    removeOldAnswers(m_folder / "answers");
    putFile(m_folder / "answers" / (request.id + ".json"), {{"done", answer.done}, {"message", answer.message}});
    fs::remove(m_folder / "requests" / (request.id + ".json"), ignored);
}

} // namespace mpo
