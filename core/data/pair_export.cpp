// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/pair_export.h"

#include "core/support/error.h"
#include "core/support/random.h"
#include "core/support/text.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kAssistant = "\n\nAssistant:";

/// Turns of a dialogue written as in HH-RLHF; nothing for any other text.
std::optional<std::vector<ChatMessage>> turnsOfText(std::string_view text)
{
    struct Marker
    {
        std::string_view text;
        const char* role;
    };
    static constexpr Marker kMarkers[] {
        {"\n\nHuman: ", "user"}, {"\n\nAssistant: ", "assistant"}, {"\n\nSystem: ", "system"}, {"\n\nTool: ", "tool"}};
    if (!text.ends_with(kAssistant))
        return std::nullopt;
    text.remove_suffix(kAssistant.size());
    std::vector<ChatMessage> turns;
    while (!text.empty()) {
        const auto* marker = std::ranges::find_if(kMarkers, [&](const Marker& m) { return text.starts_with(m.text); });
        if (marker == std::end(kMarkers))
            return std::nullopt;
        text.remove_prefix(marker->text.size());
        std::size_t end = text.size();
        for (const Marker& next : kMarkers)
            end = std::min(end, text.find(next.text));
        turns.push_back({marker->role, std::string(text.substr(0, end))});
        text.remove_prefix(end);
    }
    return turns.empty() ? std::nullopt : std::optional(std::move(turns));
}

} // namespace

Json messagesOf(const std::vector<ChatMessage>& turns)
{
    Json list = Json::array();
    for (const ChatMessage& turn : turns)
        list.push_back({{"role", turn.role}, {"content", turn.content}});
    return list;
}

PreferencePair dialogueOf(PreferencePair pair)
{
    if (!pair.turns.empty())
        return pair;
    if (auto turns = turnsOfText(pair.prompt))
        pair.turns = std::move(*turns);
    else
        pair.turns = {{"user", pair.prompt}};
    for (std::string* response : {&pair.chosen, &pair.rejected})
        if (response->starts_with(' '))
            response->erase(0, 1);
    return pair;
}

std::vector<ChatMessage> turnsOfResponse(const std::string& response)
{
    if (auto turns = turnsOfText(fmt::format("{} {}{}", kAssistant, response, kAssistant)))
        return std::move(*turns);
    return {{"assistant", response}};
}

std::string promptLine(const std::string& prompt)
{
    if (const auto turns = turnsOfText(prompt); turns && turns->size() == 1 && turns->front().role == "user")
        return std::string(trimmed(turns->front().content));
    std::string_view text = prompt;
    if (text.ends_with(kAssistant))
        text.remove_suffix(kAssistant.size());
    return std::string(trimmed(text));
}

std::string csvCell(const Json& value)
{
    std::string text = value.is_null() ? "" : value.is_string() ? value.get<std::string>() : toLine(value);
    if (text.find_first_of(",\"\r\n") == text.npos && text == trimmed(text))
        return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

const std::vector<std::string>& exportFormatNames()
{
    static const std::vector<std::string> names {"trl", "trl-messages", "hh", "arena"};
    return names;
}

ExportFormat exportFormatFromName(const std::string& name)
{
    const auto& names = exportFormatNames();
    const auto found = std::ranges::find(names, name);
    if (found == names.end())
        fail("There is no export format \"{}\"; there are trl, trl-messages, hh and arena", name);
    return ExportFormat(found - names.begin());
}

struct PairExport::Private
{
    Private(const fs::path& target, ExportFormat layout, DatasetKind rows, std::uint64_t seed)
        : file(target)
        , temporary(target.string() + ".part")
        , format(layout)
        , kind(rows)
        , sides(seed, "export")
        , out(nullptr, gzclose)
    {
        const std::string name = file.filename().string();
        csv = name.ends_with(".csv");
        if (!csv && !name.ends_with(".jsonl") && !name.ends_with(".jsonl.gz"))
            fail("{}: the ending is none of .jsonl, .jsonl.gz and .csv", file.string());
        if (kind != DatasetKind::Pairs && (format == ExportFormat::Hh || format == ExportFormat::Arena))
            fail("{}: only pairs can be written in this format; choose trl or trl-messages", file.string());
        out.reset(gzopen(temporary.c_str(), name.ends_with(".gz") ? "wb" : "wbT")); // T: without compression
        if (!out)
            fail("{}: cannot be written ({})", file.string(), std::strerror(errno));
    }

    ~Private()
    {
        out.reset();
        std::error_code ignored;
        fs::remove(temporary, ignored);
    }

    void write(const std::string& text)
    {
        if (!text.empty() && gzwrite(out.get(), text.data(), unsigned(text.size())) == 0)
            fail("{}: cannot be written ({})", file.string(), std::strerror(errno));
    }

    Json rowOf(const PreferencePair& pair)
    {
        if (pair.hasIds()) {
            if (format != ExportFormat::Trl || csv)
                fail("{}: row {} holds token ids, which only trl as .jsonl can take", file.string(), count);
            Json row {{"prompt_ids", pair.promptIds}};
            if (kind != DatasetKind::Prompts)
                row["chosen_ids"] = pair.chosenIds;
            if (kind == DatasetKind::Pairs)
                row["rejected_ids"] = pair.rejectedIds;
            return row;
        }
        switch (format) {
        case ExportFormat::Hh:
            return hhRow(pair);
        case ExportFormat::Arena:
            return arenaRow(dialogueOf(pair));
        case ExportFormat::TrlMessages:
            return trlRow(dialogueOf(pair));
        default:
            return trlRow(pair);
        }
    }

    Json trlRow(const PreferencePair& pair) const
    {
        const bool talk = !pair.turns.empty();
        const auto reply = [&](const std::string& text) {
            return talk ? messagesOf({{"assistant", text}}) : Json(text);
        };
        Json row {{"prompt", talk ? messagesOf(pair.turns) : Json(pair.prompt)}};
        if (kind == DatasetKind::Completions)
            row["completion"] = reply(pair.chosen);
        if (kind == DatasetKind::Pairs) {
            row["chosen"] = reply(pair.chosen);
            row["rejected"] = reply(pair.rejected);
        }
        return row;
    }

    Json hhRow(const PreferencePair& pair) const
    {
        if (!pair.prompt.ends_with(kAssistant))
            fail("{}: the prompt of row {} does not end with \"Assistant:\", as the format hh has it; choose trl",
                file.string(), count);
        const std::string space = pair.turns.empty() ? "" : " ";
        return {{"chosen", pair.prompt + space + pair.chosen}, {"rejected", pair.prompt + space + pair.rejected}};
    }

    Json arenaRow(const PreferencePair& pair)
    {
        const bool chosenIsA = sides.chance(0.5);
        Json row {{"question_id", count}, {"model_a", chosenIsA ? "chosen" : "rejected"},
            {"model_b", chosenIsA ? "rejected" : "chosen"}, {"winner", chosenIsA ? "model_a" : "model_b"}};
        for (const bool a : {true, false}) {
            std::vector<ChatMessage> talk = pair.turns;
            talk.push_back({"assistant", a == chosenIsA ? pair.chosen : pair.rejected});
            row[a ? "conversation_a" : "conversation_b"] = messagesOf(talk);
        }
        row["turn"] = 1 + std::ranges::count(pair.turns, "assistant", &ChatMessage::role);
        return row;
    }

    fs::path file, temporary;
    ExportFormat format;
    DatasetKind kind;
    RandomStream sides;
    std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> out;
    bool csv = false;
    std::int64_t count = 0;
};

PairExport::PairExport(const fs::path& file, ExportFormat format, DatasetKind kind, std::uint64_t seed)
    : m_d(std::make_unique<Private>(file, format, kind, seed))
{
}

PairExport::~PairExport() = default;

void PairExport::add(const PreferencePair& pair)
{
    ++m_d->count;
    Json row = m_d->rowOf(pair);
    if (m_d->kind == DatasetKind::Pairs && m_d->format != ExportFormat::Arena) {
        // A table has the same columns in every row.
        if (pair.margin || m_d->csv)
            row["margin"] = pair.margin ? Json(*pair.margin) : Json();
        if (pair.confidence || m_d->csv)
            row["confidence"] = pair.confidence ? Json(*pair.confidence) : Json();
    }
    if (!m_d->csv)
        return m_d->write(toLine(row) + "\n");
    std::string header, cells;
    for (const auto& [key, value] : row.items()) {
        const std::string comma = header.empty() ? "" : ",";
        header += comma + csvCell(key);
        cells += comma + csvCell(value);
    }
    m_d->write((m_d->count == 1 ? header + "\r\n" : "") + cells + "\r\n");
}

void PairExport::finish()
{
    if (gzclose(m_d->out.release()) != Z_OK)
        fail("{}: cannot be written ({})", m_d->file.string(), std::strerror(errno));
    std::error_code error;
    fs::rename(m_d->temporary, m_d->file, error);
    if (error)
        fail("{}: cannot be written ({})", m_d->file.string(), error.message());
}

} // namespace mpo
