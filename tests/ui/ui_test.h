// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"
#include "ui/engine_bridge.h"
#include "ui/style.h"

#include <QApplication>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

/// Lets the engine thread wait for the test.
class Gate
{
public:
    void open() { m_open = true; }
    void wait(const std::stop_token& stop)
    {
        while (!m_open && !stop.stop_requested())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        m_open = false;
    }

private:
    std::atomic<bool> m_open {false};
};

/// A project in a temporary folder, and an engine that keeps the commands it gets and does what the test says.
class UiFixture
{
public:
    UiFixture()
        : project(mpo::Project::open(std::filesystem::path(folder.path().toStdString()) / "test.mpo"))
    {
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, folder.path());
        mpo::applyStyle(*static_cast<QApplication*>(QApplication::instance()), mpo::Theme::Light);
    }

    /// REQUIRES: set before the first command is posted. Called on the engine thread.
    std::function<void(const mpo::Command&, const mpo::EventSink&, std::stop_token)> work;

    mpo::Engine::Execute execute()
    {
        return [this](const mpo::Command& command, mpo::Project&, const mpo::EventSink& sink, std::stop_token stop,
                   mpo::PauseGate&) {
            ++commands;
            if (work)
                work(command, sink, stop);
        };
    }

    /// Pairs "prompt 1".."prompt N"; of every tenth the chosen response has the word "rare".
    void addPairs(const std::string& name, int count)
    {
        mpo::Dataset data;
        data.name = name;
        for (int i = 1; i <= count; ++i) {
            mpo::PreferencePair pair;
            pair.prompt = "prompt " + std::to_string(i);
            pair.chosen = i % 10 == 0 ? "a rare response" : "a good response";
            pair.rejected = "a bad one";
            pair.line = i;
            data.pairs.push_back(pair);
        }
        project->addDataset(data, "test");
    }

    void addModel(const std::string& name, const std::string& kind)
    {
        mpo::ModelRow row;
        row.name = name;
        row.folder = "models/" + name;
        row.kind = kind;
        row.family = "llama";
        row.parameters = 1'000'000;
        row.created = mpo::nowUtc();
        project->addModel(row);
    }

    QTemporaryDir folder;
    std::shared_ptr<mpo::Project> project;
    std::atomic<int> commands {0};
};

/// The button with this text, shown or not; nullptr: none.
inline QPushButton* buttonWith(const QWidget& parent, const QString& text)
{
    for (QPushButton* button : parent.findChildren<QPushButton*>())
        if (button->text() == text)
            return button;
    return nullptr;
}

inline mpo::MetricsLogged metricsOf(std::int64_t run, std::int64_t step, std::int64_t total, double loss)
{
    mpo::MetricsLogged event;
    event.run = run;
    event.step = step;
    event.totalSteps = total;
    event.seconds = double(step);
    event.metrics = {{"loss", loss}, {"tokens_per_second", 1234.0}};
    return event;
}
