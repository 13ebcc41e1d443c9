// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// `mpo data edit|edits`: pairs mended by hand, and the log of that.
#include "app/cli/data_edits.h"

#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "app/cli/json_lines.h"
#include "core/support/error.h"
#include "core/support/login_name.h"
#include "core/support/text.h"

#include <fmt/format.h>

#include <memory>

namespace mpo::cli {

namespace {

struct EditArguments
{
    std::string data, flip, drop, keep, log, who = loginName();
    bool reset = false, undo = false, redo = false;
};

constexpr const char* kKinds[] {"edit", "undo", "redo"};

Json jsonOf(const PairChange& change)
{
    Json line {{"number", change.number}, {"kind", kKinds[int(change.kind)]}, {"edit", pairEditName(change.edit)},
        {"pairs", Json::array()}, {"who", change.who}, {"created", change.created}};
    for (const std::int64_t pair : change.pairs)
        line["pairs"].push_back(pair + 1);
    if (change.kind != PairChange::Kind::Edit)
        line["of"] = change.of;
    return line;
}

std::string wordsOf(const PairChange& change)
{
    const std::string what(pairEditName(change.edit));
    return change.kind == PairChange::Kind::Edit ? what
                                                 : fmt::format("{} {} ({})", kKinds[int(change.kind)], change.of, what);
}

std::vector<std::vector<std::string>> tableOf(const std::vector<PairChange>& log)
{
    constexpr std::size_t kColumns = 60;
    std::vector<std::vector<std::string>> table {{"entry", "when", "who", "what", "pairs", "numbers"}};
    for (const PairChange& change : log)
        table.push_back(
            {std::to_string(change.number), change.created, change.who.empty() ? "-" : change.who, wordsOf(change),
                grouped(std::int64_t(change.pairs.size())), oneLine(pairNumbersText(change.pairs), kColumns)});
    return table;
}

std::string stateOf(const Project& project, const std::string& data)
{
    const PairEdits edits = project.pairEdits(data);
    return fmt::format("{}: {} flipped, {} dropped after entry {}", data, grouped(std::int64_t(edits.flipped.size())),
        grouped(std::int64_t(edits.dropped.size())), edits.revision);
}

/// The pairs of a line of the log.
std::vector<std::int64_t> pairsOf(const Json& row, const std::string& place)
{
    const auto found = row.find("pairs");
    std::vector<std::int64_t> pairs;
    if (found != row.end() && found->is_array())
        for (const Json& pair : *found)
            if (pair.is_number_integer())
                pairs.push_back(pair.get<std::int64_t>() - 1);
    if (pairs.empty())
        fail("{}: \"pairs\" must be a list of numbers from 1, as `mpo data edits --json` writes it", place);
    return pairs;
}

/// A log of another project, or one that was kept.
void repeatLog(Project& project, const EditArguments& given, std::vector<PairChange>& made)
{
    forEachJsonLineOf(given.log, [&](const Json& row, const std::string& place) {
        const auto text = [&](const char* key) {
            const auto found = row.is_object() ? row.find(key) : row.end();
            return row.is_object() && found != row.end() && found->is_string() ? found->get<std::string>()
                                                                               : std::string();
        };
        const std::string kind = text("kind"), edit = text("edit");
        const std::string who = text("who").empty() ? given.who : text("who");
        std::optional<PairChange> change;
        if (kind == "undo")
            change = project.undoPairEdit(given.data, who);
        else if (kind == "redo")
            change = project.redoPairEdit(given.data, who);
        else if (edit == "flip" || edit == "drop" || edit == "keep")
            change = project.editPairs(given.data,
                edit == "flip"       ? PairEdit::Flip
                    : edit == "drop" ? PairEdit::Drop
                                     : PairEdit::Keep,
                pairsOf(row, place), who);
        else
            fail("{}: \"edit\" must be flip, drop or keep, as `mpo data edits --json` writes it", place);
        if (change)
            made.push_back(std::move(*change));
    });
}

int editData(const GlobalOptions& global, const EditArguments& given)
{
    const auto project = openProject(global, Project::Access::ReadWrite);
    std::vector<PairChange> made;
    const auto add = [&](std::optional<PairChange> change) {
        if (change)
            made.push_back(std::move(*change));
    };
    const PairEdits before = project->pairEdits(given.data); // says which data sets there are
    if (given.reset) {
        std::vector<std::int64_t> edited = before.flipped;
        edited.insert(edited.end(), before.dropped.begin(), before.dropped.end());
        if (!edited.empty())
            add(project->editPairs(given.data, PairEdit::Keep, edited, given.who));
    }
    for (const auto& [numbers, edit] : {std::pair(given.flip, PairEdit::Flip), std::pair(given.drop, PairEdit::Drop),
             std::pair(given.keep, PairEdit::Keep)})
        if (!numbers.empty())
            add(project->editPairs(given.data, edit, pairNumbersFrom(numbers), given.who));
    if (given.undo)
        add(project->undoPairEdit(given.data, given.who));
    if (given.redo)
        add(project->redoPairEdit(given.data, given.who));
    if (!given.log.empty())
        repeatLog(*project, given, made);
    if (global.json) {
        for (const PairChange& change : made)
            writeLine(toLine(jsonOf(change)));
        return 0;
    }
    if (made.empty())
        note(given.undo      ? "There is nothing to take back"
                : given.redo ? "There is nothing to make again"
                             : "Nothing has changed: the pairs are so already");
    else
        writeTable(tableOf(made));
    writeLine(stateOf(*project, given.data));
    return 0;
}

int showEdits(const GlobalOptions& global, const std::string& data)
{
    const auto project = openProjectToShow(global);
    const std::vector<PairChange> log = project->pairEditLog(data);
    if (global.json) {
        for (const PairChange& change : log)
            writeLine(toLine(jsonOf(change)));
        return 0;
    }
    if (log.empty())
        note(fmt::format(
            "No pair of {0} was flipped or dropped by hand; `mpo data edit {0} --flip NUMBERS` does it", data));
    else
        writeTable(tableOf(log));
    if (!log.empty())
        writeLine(stateOf(*project, data));
    return 0;
}

} // namespace

void addDataEdits(CLI::App& data, Arguments& arguments)
{
    auto* edit = data.add_subcommand(
        "edit", "Flip or drop single pairs by hand, for splits made with --edits; the data set itself stays as it is");
    auto given = std::make_shared<EditArguments>();
    edit->add_option("name", given->data, "Data set of the project")->required();
    auto* reset = edit->add_flag("--reset", given->reset, "First bring back all pairs that are flipped or dropped");
    auto* flip = edit->add_option("--flip", given->flip, "Exchange chosen and rejected of these, like 3,17,20-25")
                     ->type_name("NUMBERS");
    auto* drop = edit->add_option("--drop", given->drop, "Leave these out of both parts")->type_name("NUMBERS");
    auto* keep
        = edit->add_option("--keep", given->keep, "Bring these back as the data have them")->type_name("NUMBERS");
    auto* undo = edit->add_flag("--undo", given->undo, "Take the last change back");
    auto* redo = edit->add_flag("--redo", given->redo, "Make again what was taken back last");
    auto* log = edit->add_option("--log", given->log, "Repeat the lines of `mpo data edits --json`")->type_name("FILE");
    edit->add_option("--by", given->who, "Who does it, for the log")->type_name("WHO");
    for (CLI::Option* alone : {undo, redo, log})
        for (CLI::Option* other : {reset, flip, drop, keep, undo, redo, log})
            if (alone != other)
                alone->excludes(other);
    edit->callback([=, &arguments] {
        if (reset->count() + flip->count() + drop->count() + keep->count() + undo->count() + redo->count()
                + log->count()
            == 0)
            throw UsageError("Say what is to be done: --flip, --drop, --keep, --reset, --undo, --redo or --log");
        arguments.action = [given](const GlobalOptions& global) { return editData(global, *given); };
    });

    auto* edits = data.add_subcommand("edits", "Who flipped or dropped which pairs by hand, oldest first");
    auto name = std::make_shared<std::string>();
    edits->add_option("name", *name, "Data set of the project")->required();
    edits->callback([name, &arguments] {
        arguments.action = [name](const GlobalOptions& global) { return showEdits(global, *name); };
    });
}

} // namespace mpo::cli
