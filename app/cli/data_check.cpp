// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// `mpo data check`: what stands out in a data set, as the Data page shows it.
#include "app/cli/data_check.h"

#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/model_folder.h"
#include "core/engine/dataset_inspection.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

struct CheckOptions
{
    std::string data, model, against;
    std::int64_t limit = 10;
};

Json jsonOf(const LengthSummary& summary)
{
    return {{"total", summary.total}, {"mean", summary.mean}, {"median", summary.median}, {"p95", summary.p95},
        {"longest", summary.longest}};
}

int checkData(const GlobalOptions& global, const CheckOptions& options)
{
    const auto project = openProjectToShow(global);
    const std::string folder = options.model.empty() ? std::string() : modelFolder(global, options.model).string();
    const DatasetFindings found
        = inspectDataset(*project, options.data, folder, options.against, {}, [&](double share) {
              if (statusVisible() && !global.quiet)
                  showStatus(fmt::format("Looking through {}: {:.0f} %", options.data, 100.0 * share));
          });
    clearStatus();
    const auto numbers = [](std::int64_t row) { return row + 1; }; // rows count from 1 for people
    struct Listed
    {
        std::string kind;
        std::int64_t row = 0, other = 0;
    };
    std::vector<Listed> list;
    const auto addPairs = [&](const char* kind, const std::vector<RowPair>& rows, bool earlierIsFirst) {
        for (const RowPair& pair : rows)
            list.push_back({kind, numbers(earlierIsFirst ? pair.second : pair.first),
                numbers(earlierIsFirst ? pair.first : pair.second)});
    };
    addPairs("opposite labels", found.conflictRows, true);
    addPairs("prompt in both", found.leakRows, false);
    for (const std::int64_t row : found.identicalRows)
        list.push_back({"identical responses", numbers(row), 0});
    addPairs("duplicate", found.duplicateRows, true);

    if (global.json) {
        Json lengths = Json::object();
        lengths["prompt"] = jsonOf(summarise(found.promptLengths));
        if (!found.chosenLengths.empty())
            lengths["chosen"] = jsonOf(summarise(found.chosenLengths));
        if (!found.rejectedLengths.empty())
            lengths["rejected"] = jsonOf(summarise(found.rejectedLengths));
        writeLine(toLine({{"data", options.data}, {"rows", found.rows}, {"distinct_prompts", found.distinctPrompts},
            {"duplicates", found.duplicates}, {"conflicts", found.conflicts},
            {"identical_responses", found.identicalResponses}, {"leaks", found.leaks},
            {"leaked_prompts", found.leakedPrompts}, {"longer_chosen", found.longerChosen},
            {"longer_rejected", found.longerRejected}, {"unit", found.inTokens ? "tokens" : "characters"},
            {"lengths", lengths}}));
        for (const Listed& one : list)
            writeLine(toLine(
                {{"finding", one.kind}, {"row", one.row}, {"other", one.other == 0 ? Json() : Json(one.other)}}));
        return 0;
    }
    std::vector<std::pair<std::string, std::string>> fields {{"rows", grouped(found.rows)},
        {"different prompts", grouped(found.distinctPrompts)}, {"duplicates", grouped(found.duplicates)},
        {"opposite labels", grouped(found.conflicts)}, {"identical responses", grouped(found.identicalResponses)}};
    if (!found.against.empty())
        fields.emplace_back("prompts in " + found.against,
            fmt::format("{} rows, {} prompts", grouped(found.leaks), grouped(found.leakedPrompts)));
    writeFields(fields);
    writeLine("");
    std::vector<std::vector<std::string>> table {
        {found.inTokens ? "tokens" : "characters", "median", "mean", "95 %", "longest", "total"}};
    const auto addLengths = [&](const char* name, const std::vector<std::int32_t>& lengths) {
        if (lengths.empty())
            return;
        const LengthSummary s = summarise(lengths);
        table.push_back(
            {name, grouped(s.median), shortNumber(s.mean), grouped(s.p95), grouped(s.longest), grouped(s.total)});
    };
    addLengths("prompt", found.promptLengths);
    addLengths("chosen", found.chosenLengths);
    addLengths("rejected", found.rejectedLengths);
    writeTable(table);
    if (list.empty() || options.limit == 0)
        return 0;
    writeLine("");
    std::vector<std::vector<std::string>> rows {{"what", "row", "belongs to row"}};
    for (const Listed& one : list)
        if (std::int64_t(rows.size()) <= options.limit)
            rows.push_back({one.kind, std::to_string(one.row), one.other == 0 ? "-" : std::to_string(one.other)});
    writeTable(rows);
    return 0;
}

} // namespace

void addDataCheck(CLI::App& data, Arguments& arguments)
{
    auto* check
        = data.add_subcommand("check", "What stands out: duplicates, opposite labels, lengths, prompts of another set");
    auto options = std::make_shared<CheckOptions>();
    check->add_option("name", options->data, "Data set of the project")->required();
    check->add_option("--model", options->model, "Count lengths in its tokens")->type_name("MODEL");
    check->add_option("--against", options->against, "Another data set, whose prompts should not be in this one")
        ->type_name("DATA");
    check->add_option("--limit", options->limit, "Show the first N rows that stand out")
        ->check(plain(CLI::NonNegativeNumber))
        ->type_name("N");
    check->callback([options, &arguments] {
        arguments.action = [options](const GlobalOptions& global) { return checkData(global, *options); };
    });
}

} // namespace mpo::cli
