// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/evaluate_parts.h"
#include "core/engine/judgment_export.h"
#include "core/engine/session_file.h"
#include "core/support/text.h"

#include <fmt/format.h>

namespace mpo::cli {

int exportEvaluation(const GlobalOptions& global, const EvaluationExport& options)
{
    if (options.format == "session") {
        const auto project = openProjectToShow(global);
        writeSessionFile(*project, options.name, options.file);
        const EvaluationRow row = project->evaluation(options.name);
        if (global.json)
            writeLine(toLine({{"file", options.file}, {"items", row.items}}));
        else
            writeLine(fmt::format("{}: {} items with their judgments", options.file, row.items));
        return 0;
    }
    const JudgmentFormat format = judgmentFormatFromName(options.format);
    const auto project
        = options.openEarly ? openProject(global, Project::Access::ReadWrite) : openProjectToShow(global);
    const EvaluationContent content
        = openEvaluation(*project, options.name, options.openEarly ? Early::OpenAndLog : Early::Refuse);
    const ExportedJudgments exported = exportJudgments(content, format, options.file, options.criterion);
    if (global.json) {
        writeLine(toLine({{"file", options.file}, {"format", options.format}, {"rows", exported.rows},
            {"without_winner", exported.withoutWinner}, {"flagged", exported.flagged}}));
        return 0;
    }
    writeLine(fmt::format("{}: {} rows{}{}", options.file, exported.rows,
        exported.withoutWinner > 0 ? fmt::format(", {} prompts without a winner left out", exported.withoutWinner) : "",
        exported.flagged > 0 ? fmt::format(", {} flagged prompts left out", exported.flagged) : ""));
    return 0;
}

int importEvaluation(const GlobalOptions& global, const std::string& file, const std::string& name)
{
    const SessionFile session = readSessionFile(file);
    const auto project = openProject(global, Project::Access::ReadWrite);
    const std::string made = addSession(*project, session, name);
    if (global.json)
        writeLine(toLine({{"evaluation", made}, {"items", std::int64_t(session.items.size())},
            {"judgments", std::int64_t(session.judgments.size())}}));
    else
        writeLine(fmt::format("{}: {} items, {} judgments", made, session.items.size(), session.judgments.size()));
    return 0;
}

int mergeEvaluation(const GlobalOptions& global, const EvaluationMerge& options)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    const MergedJudgments merged
        = mergeSession(*project, options.name, options.from, options.nameThere, options.annotator);
    const auto annotators = project->annotators(project->evaluation(options.name).id);
    if (global.json) {
        Json names = Json::array();
        for (const AnnotatorRow& row : annotators)
            names.push_back({{"annotator", row.name}, {"judged", row.judged}});
        writeLine(toLine({{"added", merged.added}, {"known", merged.known}, {"replaced", merged.replaced},
            {"older", merged.older}, {"annotators", std::move(names)}}));
        return 0;
    }
    writeLine(fmt::format("{} judgments added, {} were there already, {} replaced by later ones, {} older left out",
        merged.added, merged.known, merged.replaced, merged.older));
    std::vector<std::vector<std::string>> table {{"annotator", "judged"}};
    for (const AnnotatorRow& row : annotators)
        table.push_back({row.name.empty() ? "(no name)" : row.name, grouped(row.judged)});
    writeTable(table);
    return 0;
}

} // namespace mpo::cli
