// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/judge/judge_transcript.h"

#include "core/support/error.h"
#include "core/support/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mpo {

namespace fs = std::filesystem;

namespace {

Json lineOf(const JudgeCall& call)
{
    Json line {{"item", call.item}, {"order", call.order}, {"question", call.question}};
    if (!call.failure.empty()) {
        line["failure"] = call.failure;
    } else {
        line["answer"] = call.answer;
        line["choice"] = call.choice ? Json(judgeChoiceName(*call.choice)) : Json();
        for (const auto& [criterion, choice] : call.votes)
            line["votes"][criterion] = judgeChoiceName(choice);
    }
    line.update({{"prompt_tokens", call.promptTokens}, {"answer_tokens", call.answerTokens},
        {"tokens_estimated", call.tokensEstimated}, {"cost", call.cost}, {"attempts", call.attempts},
        {"seconds", call.seconds}, {"created", call.created}});
    return line;
}

JudgeCall callOf(const Json& line)
{
    JudgeCall call;
    call.item = line.at("item").get<std::int64_t>();
    call.order = line.at("order").get<int>();
    call.question = line.at("question").get<std::string>();
    call.failure = line.value("failure", "");
    call.answer = line.value("answer", "");
    if (line.contains("choice") && line["choice"].is_string())
        call.choice = judgeChoiceFromName(line["choice"].get<std::string>());
    if (line.contains("votes"))
        for (const auto& [criterion, name] : line["votes"].items())
            if (const auto choice = judgeChoiceFromName(name.get<std::string>()))
                call.votes[criterion] = *choice;
    call.promptTokens = line.at("prompt_tokens").get<std::int64_t>();
    call.answerTokens = line.at("answer_tokens").get<std::int64_t>();
    call.tokensEstimated = line.at("tokens_estimated").get<bool>();
    call.cost = line.at("cost").get<double>();
    call.attempts = line.at("attempts").get<int>();
    call.seconds = line.at("seconds").get<double>();
    call.created = line.at("created").get<std::string>();
    return call;
}

} // namespace

ReadTranscript readTranscript(const fs::path& file)
{
    ReadTranscript read;
    const std::string text = readTextFile(file, std::size_t(4) << 30);
    std::int64_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        if (end == text.npos)
            break; // cut off by a crash
        const std::string_view line = std::string_view(text).substr(at, end - at);
        const std::string place = fmt::format("{}: line {}", file.string(), ++number);
        at = end + 1;
        JsonProblem problem;
        const auto json = tryParseJson(line, problem);
        try {
            if (!json)
                fail("{}", problem.reason);
            if (number == 1) {
                read.settings = json->at("settings");
                if (!read.settings.is_object())
                    fail("its settings are no object");
            } else {
                JudgeCall call = callOf(*json);
                ++read.calls;
                read.cost += call.cost;
                read.failed += call.failure.empty() ? 0 : 1;
                if (call.failure.empty())
                    read.answered[{call.item, call.order}] = std::move(call);
            }
        } catch (const std::exception& error) {
            fail("{} is damaged ({}); move the file away to judge anew", place, error.what());
        }
        read.wholeBytes = at;
    }
    return read;
}

JudgeTranscript::JudgeTranscript(const fs::path& file, const Json& settings)
    : m_file(file)
{
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    bool isNew = !fs::exists(file, error);
    if (!isNew) {
        ReadTranscript before = readTranscript(file);
        // Nothing was asked yet: killed before the first line was whole, or a key was refused.
        isNew = before.calls == 0;
        if (!isNew)
            for (const auto& [key, value] : settings.items())
                if (!before.settings.contains(key) || before.settings[key] != value)
                    fail("The judge has begun with another {}: {} instead of {}; ask it the same way, or give this one "
                         "another name (--name)",
                        key, toLine(before.settings.value(key, Json())), toLine(value));
        m_answered = std::move(before.answered);
        m_cost = before.cost;
        fs::resize_file(file, isNew ? 0 : before.wholeBytes, error);
        if (error)
            fail("{}: cannot be written ({})", file.string(), error.message());
    }
    m_descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (m_descriptor < 0)
        fail("{}: cannot be written ({})", file.string(), std::strerror(errno));
    if (isNew) {
        const std::string line = toLine({{"settings", settings}}) + "\n";
        if (::write(m_descriptor, line.data(), line.size()) != ssize_t(line.size()) || ::fsync(m_descriptor) != 0)
            fail("{}: cannot be written ({})", file.string(), std::strerror(errno));
        syncFolder(file.parent_path());
    }
}

JudgeTranscript::~JudgeTranscript()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void JudgeTranscript::add(const JudgeCall& call)
{
    const std::string line = toLine(lineOf(call)) + "\n";
    for (std::size_t written = 0; written < line.size();) {
        const ssize_t now = ::write(m_descriptor, line.data() + written, line.size() - written);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            fail("{}: cannot be written ({})", m_file.string(), std::strerror(errno));
        written += std::size_t(now);
    }
    if (::fsync(m_descriptor) != 0)
        fail("{}: cannot be written ({})", m_file.string(), std::strerror(errno));
    m_cost += call.cost;
    if (call.failure.empty())
        m_answered[{call.item, call.order}] = call;
}

} // namespace mpo
