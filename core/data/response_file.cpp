// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/response_file.h"

#include "core/data/dataset_importer.h"
#include "core/data/formats/arena_battles.h"
#include "core/data/formats/dialogue.h"
#include "core/data/formats/fields.h"
#include "core/data/pair_export.h"
#include "core/data/sources/record_reader.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"
#include "core/support/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace mpo {

namespace {

namespace fs = std::filesystem;

/// Responses by model, each prompt once.
class Collected
{
public:
    void add(const std::string& name, PreferencePair prompt, std::string response)
    {
        auto found = std::ranges::find(m_sources, name, &SourceResponses::name);
        if (found == m_sources.end())
            found = m_sources.insert(m_sources.end(), {name, {}});
        if (!m_seen.insert({name, promptKey(prompt)}).second)
            return;
        prompt.chosen = std::move(response);
        prompt.rejected.clear();
        found->rows.push_back(std::move(prompt));
    }
    std::vector<SourceResponses> take() { return std::move(m_sources); }

private:
    std::vector<SourceResponses> m_sources;
    std::set<std::pair<std::string, std::string>> m_seen;
};

/// "generator" and the like; `otherwise` where the record does not say.
std::string nameIn(const Json& record, const char* key, const std::string& otherwise)
{
    const auto found = record.find(key);
    return found != record.end() && found->is_string() && !found->get_ref<const std::string&>().empty()
        ? found->get<std::string>()
        : otherwise;
}

/// The prompt of a record with "instruction" (and "input") or "prompt".
PreferencePair promptOf(Fields& in, const Json& record)
{
    if (record.contains("instruction"))
        return asked(joinedInput(in.text("instruction"), in.textOrNothing("input")));
    PreferencePair pair;
    pair.prompt = in.text("prompt");
    return pair;
}

/// Text of MT-bench's questions by their number.
using Questions = std::map<std::int64_t, std::vector<std::string>>;

Questions readQuestions(const fs::path& answers)
{
    for (const fs::path& folder : {answers.parent_path(), answers.parent_path() / ".."}) {
        const fs::path file = folder / "question.jsonl";
        if (!fs::exists(file))
            continue;
        Questions questions;
        const auto reader = openRecords(file);
        for (Record record; reader->next(record);) {
            const Json& value = record.value;
            if (!record.problem.empty() || !value.is_object() || !value.contains("question_id")
                || !value["question_id"].is_number_integer() || !value.contains("turns"))
                fail("{}: line {} is no question of MT-bench ({{\"question_id\", \"turns\"}})", file.string(),
                    record.number);
            for (const Json& turn : value["turns"])
                if (turn.is_string())
                    questions[value["question_id"].get<std::int64_t>()].push_back(turn.get<std::string>());
        }
        return questions;
    }
    fail("{}: answers of MT-bench need its questions; put question.jsonl into the same folder or the one above",
        answers.string());
}

void addMtBench(Collected& out, const Json& record, const Questions& questions, const std::string& stem)
{
    Fields in(record);
    const double id = in.number("question_id");
    const Json& choices = in.value("choices");
    if (!in.problem().empty())
        fail("{}", in.problem());
    const auto question = questions.find(std::int64_t(id));
    if (question == questions.end() || question->second.empty())
        fail("question {} is not in question.jsonl", std::int64_t(id));
    if (!choices.is_array() || choices.empty() || !choices[0].is_object() || !choices[0].contains("turns")
        || !choices[0]["turns"].is_array() || choices[0]["turns"].empty())
        fail("field \"choices\" holds no turns");
    const Json& turns = choices[0]["turns"];
    std::string response;
    for (std::size_t i = 0; i < std::min(turns.size(), question->second.size()); ++i) {
        if (!turns[i].is_string())
            fail("turn {} is not text", i + 1);
        if (i > 0)
            response += fmt::format("\n\nHuman: {}\n\nAssistant: ", question->second[i]);
        response += turns[i].get<std::string>();
    }
    out.add(nameIn(record, "model_id", stem), asked(question->second.front()), std::move(response));
}

void addArena(Collected& out, const Json& record, const std::string& stem)
{
    std::string problem;
    auto battle = arenaReplies(record, problem);
    if (!battle)
        fail("{}", problem);
    out.add(nameIn(record, "model_a", stem + " A"), battle->prompt, std::move(battle->first));
    out.add(nameIn(record, "model_b", stem + " B"), battle->prompt, std::move(battle->second));
}

/// "models" of LLM Comparator's document; its records do not name them.
std::vector<std::string> comparatorNames(const fs::path& file)
{
    JsonProblem problem;
    std::vector<std::string> names;
    if (const auto document = tryParseJson(readTextFile(file), problem);
        document && document->is_object() && document->contains("models") && (*document)["models"].is_array())
        for (const Json& model : (*document)["models"])
            if (model.is_object())
                names.push_back(nameIn(model, "name", {}));
    return names;
}

void addTwo(Collected& out, const Json& record, const PreferencePair& prompt, const char* first, const char* second,
    const std::string& firstName, const std::string& secondName)
{
    Fields in(record);
    std::string one = in.text(first), other = in.text(second);
    if (!in.problem().empty())
        fail("{}", in.problem());
    if (firstName == secondName)
        fail("both responses are said to be of {}", toPrintable(firstName));
    out.add(firstName, prompt, std::move(one));
    out.add(secondName, prompt, std::move(other));
}

enum class Layout { Outputs, Annotations, MtBench, Arena, Comparator, Responses, Other };

Layout layoutOf(const Json& record)
{
    const auto has = [&](std::initializer_list<const char*> keys) {
        return std::ranges::all_of(keys, [&](const char* key) { return record.contains(key); });
    };
    const bool asks = has({"instruction"}) || has({"prompt"});
    return !record.is_object()                                  ? Layout::Other
        : has({"question_id", "choices"})                       ? Layout::MtBench
        : has({"conversation_a", "conversation_b"})             ? Layout::Arena
        : has({"input_text", "output_text_a", "output_text_b"}) ? Layout::Comparator
        : asks && has({"output_1", "output_2"})                 ? Layout::Annotations
        : has({"instruction", "output"})                        ? Layout::Outputs
        : has({"prompt", "response"})                           ? Layout::Responses
                                                                : Layout::Other;
}

/// Any layout of a data set.
ResponseFile fromDataset(const fs::path& file)
{
    ImportOptions options;
    options.keepDuplicates = true;
    options.keepUnusable = true; // identical responses are ties by rule
    const ImportResult imported = importDataset(file, options);
    const Dataset& data = imported.dataset;
    if (data.kind == DatasetKind::Prompts)
        fail("{}: holds prompts only, no responses", file.string());
    Collected out;
    for (const PreferencePair& pair : data.pairs) {
        if (pair.hasIds())
            fail("{}: the row of line {} is token ids; people can judge texts only", file.string(), pair.line);
        if (data.kind == DatasetKind::Completions) {
            out.add(stemOf(file), pair, pair.chosen);
        } else {
            out.add("chosen", pair, pair.chosen);
            out.add("rejected", pair, pair.rejected);
        }
    }
    ResponseFile result {out.take(), imported.report.malformed, {}};
    if (!imported.report.issues.empty() && result.unusable > 0)
        result.firstProblem
            = fmt::format("line {}: {}", imported.report.issues.front().line, imported.report.issues.front().reason);
    return result;
}

} // namespace

std::string promptKey(const PreferencePair& pair)
{
    std::string key;
    for (const ChatMessage& turn : dialogueOf({pair.prompt, {}, {}, {}, {}, {}, pair.turns, {}, {}, 0}).turns)
        key.append(turn.role).append("\n").append(trimmed(turn.content)).append("\x1e");
    return key;
}

ResponseFile readResponses(const fs::path& file)
{
    const std::string stem = stemOf(file);
    const auto reader = openRecords(file);
    Collected out;
    ResponseFile result;
    const auto leaveOut = [&](const Record& record, const std::string& why) {
        if (result.unusable++ == 0)
            result.firstProblem = fmt::format("line {}: {}", record.number, why);
    };
    Layout layout = Layout::Other;
    std::vector<std::string> names; // LLM Comparator
    Questions questions; // MT-bench
    bool first = true;
    for (Record record; reader->next(record);) {
        if (!record.problem.empty()) {
            leaveOut(record, record.problem);
            continue;
        }
        if (first) {
            layout = layoutOf(record.value);
            if (layout == Layout::Other)
                return fromDataset(file);
            if (layout == Layout::Comparator)
                names = comparatorNames(file);
            if (layout == Layout::MtBench)
                questions = readQuestions(file);
            names.resize(2);
            first = false;
        }
        const Json& value = record.value;
        try {
            if (layoutOf(value) != layout)
                fail("the record is laid out otherwise than the first one");
            Fields in(value);
            switch (layout) {
            case Layout::MtBench:
                addMtBench(out, value, questions, stem);
                break;
            case Layout::Arena:
                addArena(out, value, stem);
                break;
            case Layout::Comparator:
                addTwo(out, value, asked(in.text("input_text")), "output_text_a", "output_text_b",
                    names[0].empty() ? stem + " A" : names[0], names[1].empty() ? stem + " B" : names[1]);
                break;
            case Layout::Annotations: {
                const PreferencePair prompt = promptOf(in, value);
                addTwo(out, value, prompt, "output_1", "output_2", nameIn(value, "generator_1", stem + " 1"),
                    nameIn(value, "generator_2", stem + " 2"));
                break;
            }
            case Layout::Outputs:
            case Layout::Responses: {
                PreferencePair prompt = promptOf(in, value);
                std::string response = in.text(layout == Layout::Outputs ? "output" : "response");
                if (in.problem().empty())
                    out.add(nameIn(value, "generator", nameIn(value, "model", stem)), std::move(prompt),
                        std::move(response));
                break;
            }
            case Layout::Other:
                break;
            }
            if (!in.problem().empty())
                fail("{}", in.problem());
        } catch (const Error& error) {
            leaveOut(record, error.what());
        }
    }
    result.sources = out.take();
    if (result.sources.empty())
        fail("{}: the file holds no responses{}", file.string(),
            result.unusable > 0 ? " (" + result.firstProblem + ")" : "");
    return result;
}

} // namespace mpo
