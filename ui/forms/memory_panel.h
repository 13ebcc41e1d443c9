// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/memory_preflight.h"

#include <QWidget>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

class QLabel;
class QPushButton;

namespace mpo {

/// Beside the form of a training: how much memory it will need, and what to change where that is more than there is.
/// Computed on a thread of its own, always for what was asked last; the lengths of the data are kept while model, data,
/// split and limit stay the same.
class MemoryPanel : public QWidget
{
    Q_OBJECT
public:
    explicit MemoryPanel(Project& project, QWidget* parent = nullptr);
    ~MemoryPanel() override;

    void ask(const TrainStage& command);
    void clear(); ///< something is missing or wrong: nothing can be said
    QString text() const;

Q_SIGNALS:
    void proposalChosen(const std::vector<std::pair<std::string, std::string>>& settings);

private:
    void run(const std::stop_token& quit);
    void show(const Preflight& result);
    void showProblem(const QString& sentence);

    Project& m_project;
    QLabel* m_text = nullptr;
    QPushButton* m_proposal = nullptr;
    std::vector<std::pair<std::string, std::string>> m_settings; ///< of the proposal that is shown

    std::mutex m_mutex; ///< guards m_wanted and m_number
    std::condition_variable_any m_wake;
    std::optional<TrainStage> m_wanted;
    int m_number = 0; ///< of the question: an answer to an earlier one is not shown
    std::jthread m_thread; ///< last
};

} // namespace mpo
