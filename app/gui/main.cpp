// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/screenshots.h"
#include "core/store/lock_file.h"
#include "core/store/project.h"
#include "core/support/error.h"
#include "core/support/log.h"
#include "core/support/thread_spinning.h"
#include "ui/main_window.h"
#include "ui/style.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QMessageBox>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace {

using mpo::MainWindow;
using mpo::PageId;

/// To read only, where another program writes: the window follows what that one does.
std::shared_ptr<mpo::Project> openOrWatch(const std::filesystem::path& folder)
{
    try {
        return mpo::Project::open(folder);
    } catch (const mpo::ProjectHeld& held) {
        if (held.process == QCoreApplication::applicationPid())
            throw;
        return mpo::Project::open(folder, mpo::Project::Access::ReadOnly);
    }
}

int complain(const char* sentence, bool batch)
{
    std::fprintf(stderr, "mpo-studio: %s\n", sentence);
    if (!batch)
        QMessageBox::critical(nullptr, QApplication::applicationDisplayName(), QString::fromUtf8(sentence));
    return 1;
}

} // namespace

int main(int argc, char** argv)
{
    mpo::limitThreadSpinning(argv);
    std::signal(SIGPIPE, SIG_IGN); // a server that hangs up on a download
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    for (const std::string_view help : {"-h", "--help", "--help-all"})
        if (std::find(arguments.begin(), arguments.end(), help) != arguments.end())
            qputenv("QT_QPA_PLATFORM", "offscreen"); // reading it needs no display
    QApplication application(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("mpo-studio"));
    QApplication::setApplicationName(QStringLiteral("mpo-studio"));
    QApplication::setApplicationDisplayName(QStringLiteral("MPO Studio"));
    QApplication::setDesktopFileName(QStringLiteral("mpo-studio"));

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QApplication::translate("main", "Mixed Preference Optimization: reward model, split, DPO, PPO, evaluation."));
    parser.addHelpOption();
    parser.addPositionalArgument(QStringLiteral("project"),
        QApplication::translate("main", "Project folder NAME.mpo; made if it is not there."),
        QStringLiteral("[PROJECT]"));
    const QCommandLineOption projectOption(
        QStringLiteral("project"), QApplication::translate("main", "The same."), QStringLiteral("DIR"));
    const QCommandLineOption pageOption(QStringLiteral("page"),
        QApplication::translate("main", "data, reward, split, dpo, ppo, evaluate, runs or models."),
        QStringLiteral("NAME"));
    const QCommandLineOption shotsOption(QStringLiteral("screenshots"),
        QApplication::translate("main",
            "Write pictures of every page in its main states, light and dark, and quit: of a copy of the project that "
            "is "
            "named, else of one that the demo makes."),
        QStringLiteral("DIR"));
    const QCommandLineOption sizeOption(QStringLiteral("size"),
        QApplication::translate("main", "Size of the window, for example 1280x720."), QStringLiteral("WxH"));
    const QCommandLineOption importOption(QStringLiteral("import"),
        QApplication::translate("main", "Show how a file of data would be imported."), QStringLiteral("FILE"));
    parser.addOptions({projectOption, pageOption, importOption, shotsOption, sizeOption});
    parser.process(application);
    const bool batch = parser.isSet(shotsOption);

    const auto givenProject = [&]() -> std::optional<std::filesystem::path> {
        if (parser.isSet(projectOption))
            return parser.value(projectOption).toStdString();
        if (!parser.positionalArguments().isEmpty())
            return parser.positionalArguments().constFirst().toStdString();
        return std::nullopt;
    };
    const QStringList sides = parser.value(sizeOption).split(QLatin1Char('x'));
    const QSize size = sides.size() == 2 ? QSize(sides[0].toInt(), sides[1].toInt()) : QSize();
    if (batch) {
        try {
            mpo::applyStyle(application, mpo::Theme::Light);
            takeScreenshots(application, {parser.value(shotsOption), size, givenProject()});
            return 0;
        } catch (const std::exception& error) {
            return complain(error.what(), true);
        }
    }

    mpo::applyStoredTheme();
    std::unique_ptr<MainWindow> window;
    const auto open = [&](const std::filesystem::path& folder) {
        auto next = std::make_unique<MainWindow>(openOrWatch(folder));
        mpo::log().info("project {}", folder.string());
        return next;
    };
    // Another project takes the place of this one; the old window goes once its own event is over.
    const std::function<void(MainWindow&)> connectWindow = [&](MainWindow& made) {
        QObject::connect(
            &made, &MainWindow::projectRequested, &application,
            [&](const QString& folder) {
                try {
                    std::unique_ptr<MainWindow> next = open(folder.toStdString());
                    connectWindow(*next);
                    next->show();
                    std::swap(window, next);
                    next->close();
                } catch (const mpo::Error& error) {
                    complain(error.what(), false);
                }
            },
            Qt::QueuedConnection);
    };

    try {
        std::filesystem::path folder = mpo::defaultProjectFolder();
        if (const auto given = givenProject())
            folder = *given;
        else if (mpo::Project::isProject(std::filesystem::current_path()))
            folder = std::filesystem::current_path();
        window = open(folder);
    } catch (const mpo::Error& error) {
        return complain(error.what(), false);
    }
    connectWindow(*window);

    if (parser.isSet(importOption))
        window->importFile(parser.value(importOption));
    if (parser.isSet(pageOption)) {
        const std::string wanted = parser.value(pageOption).toStdString();
        bool found = false;
        for (int i = 0; i < mpo::kPages; ++i)
            if (mpo::pageName(static_cast<PageId>(i)) == wanted) {
                window->openPage(static_cast<PageId>(i));
                found = true;
            }
        if (!found)
            return complain("there is no such page; see --help", false);
    }
    if (!size.isEmpty())
        window->resize(size);
    window->show();
    return QApplication::exec();
}
