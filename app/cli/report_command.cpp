// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/engine_session.h"
#include "core/report/project_report.h"
#include "core/support/file.h"

#include <memory>

namespace mpo::cli {

void addReportCommand(CLI::App& app, Arguments& arguments)
{
    auto* report = app.add_subcommand("report",
        "One page on a training and all it came from: data, split, runs, evaluations, and the commands to repeat it");
    auto out = std::make_shared<std::string>();
    auto run = std::make_shared<std::int64_t>(0);
    report->add_option("--out", *out, "The page, .html; default: report/project.html in the project")
        ->type_name("FILE")
        ->always_capture_default(false);
    report->add_option("--run", *run, "The last run of the chain; default: the newest finished PPO, else training")
        ->type_name("ID")
        ->check(plain(CLI::PositiveNumber))
        ->always_capture_default(false);
    report->callback([out, run, &arguments] {
        arguments.action = [out, run](const GlobalOptions& global) {
            const auto project = openProjectToShow(global);
            const std::filesystem::path file = out->empty() ? projectReportFile(*project) : std::filesystem::path(*out);
            writeFileAtomically(file, htmlReport(projectReport(*project, *run)));
            if (global.json)
                writeLine(toLine({{"file", file.string()}}));
            else
                writeLine(file.string());
            return 0;
        };
    });
}

} // namespace mpo::cli
